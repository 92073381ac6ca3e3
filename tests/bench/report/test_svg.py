"""A figure becomes a part of a page: its names its own, its colours those of the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from disbench.figures.style import FLOOR, INK, LINE, SERIES, STYLE, Picture, write_picture
from disbench.report.svg import inline_svg

if TYPE_CHECKING:
    from pathlib import Path

SVG = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="72.6pt" height="36pt" viewBox="0 0 72.6 36">
<defs>
<style type="text/css">*{stroke-linejoin: round}</style>
<path id="mark" d="M 0 0"/>
<clipPath id="frame"><rect width="9"/></clipPath>
</defs>
<g id="figure_1"><g id="axes_1" clip-path="url(#frame)">
<use xlink:href="#mark" style="fill: #0173b2"/>
<text style="fill: #1c1c22">hello</text>
</g></g>
</svg>
"""


def _names(element: str) -> list[str]:
    return re.findall(r'\bid="([^"]*)"', element)


def _references(element: str) -> set[str]:
    found = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', element)
    return {first or second for first, second in found}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A figure with every kind of thing that is named or coloured."""
    with rc_context(dict(STYLE)):
        figure = Figure(layout="constrained")
        left, right = figure.subplots(1, 2)
        left.scatter([0, 1], [0, 1], color=SERIES[0], marker="s")
        left.plot([0, 1], [1, 0], color=SERIES[3], marker="o", label="a < b & c")
        left.axhspan(0, 0.2, color=FLOOR, alpha=0.25)
        left.legend()
        right.barh(["x"], [1.0], color=SERIES[1], hatch="//", edgecolor=LINE)
        right.imshow([[0.0, 1.0]], cmap="cividis")
        picture = Picture("drawn", "Drawn", "", "", figure)
        return write_picture(picture, tmp_path_factory.mktemp("figures"))


def test_by_every_character() -> None:
    assert inline_svg(SVG, name="one", alt="A mark.") == (
        '<svg viewBox="0 0 72.6 36" role="img" aria-label="A mark." style="width: 97px">'
        "<defs>\n\n"
        '<path id="one-mark" d="M 0 0"/>\n'
        '<clipPath id="one-frame"><rect width="9"/></clipPath>\n'
        "</defs>\n"
        '<g><g clip-path="url(#one-frame)">\n'
        '<use href="#one-mark" style="fill: var(--series-0)"/>\n'
        '<text style="fill: var(--ink)">hello</text>\n'
        "</g></g>\n"
        "</svg>"
    )


def test_no_name_stands_twice_and_every_reference_has_its_name(drawn: str) -> None:
    page = "".join(inline_svg(drawn, name=name, alt="") for name in ("one", "two"))
    names = _names(page)
    assert len(names) > 10
    assert len(names) == len(set(names))
    references = _references(page)
    assert len(references) > 5
    assert references <= set(names)
    assert {name.partition("-")[0] for name in references} == {"one", "two"}


@pytest.mark.parametrize(
    ("colour", "variable"),
    [
        (INK, "--ink"),
        (LINE, "--line"),
        (FLOOR, "--muted"),
        (SERIES[0], "--series-0"),
        (SERIES[1], "--series-1"),
        (SERIES[3], "--series-3"),
    ],
)
def test_colours_are_those_of_the_page(drawn: str, colour: str, variable: str) -> None:
    assert colour in drawn
    element = inline_svg(drawn, name="one", alt="")
    assert colour not in element
    assert element.count(f"var({variable})") == drawn.count(colour)


def test_a_style_that_would_hold_for_the_whole_page_is_left_out(drawn: str) -> None:
    assert "<style" in drawn
    assert "<style" not in inline_svg(drawn, name="one", alt="")


def test_nothing_but_the_element_is_left(drawn: str) -> None:
    element = inline_svg(drawn, name="one", alt="")
    assert element.startswith("<svg ")
    assert element.endswith("</svg>")
    assert element.count("<svg") == 1
    assert "http" not in element


def test_text_is_still_escaped(drawn: str) -> None:
    assert "a &lt; b &amp; c</text>" in inline_svg(drawn, name="one", alt="")


def test_what_it_shows_is_escaped() -> None:
    element = inline_svg(SVG, name="one", alt='"><script>alert(1)</script>&')
    assert (
        'aria-label="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;" style="width'
    ) in element
    assert "<script" not in element


@pytest.mark.parametrize(
    "text", ["", "<svg>", "<html></html>", '<svg width="9px" viewBox="0 0 9 9">']
)
def test_what_is_no_svg_file_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the figure one is no SVG file with a width and a viewB"):
        inline_svg(text, name="one", alt="")


def test_a_name_in_dollars_is_no_formula(tmp_path: Path) -> None:
    """Settings have the names of directories, in which a dollar is a dollar."""
    with rc_context(dict(STYLE)):
        figure = Figure()
        figure.text(0, 0, r"$x^2$ and $\no{formula$")
        svg = write_picture(Picture("dollars", "", "", "", figure), tmp_path)
    assert r"$x^2$ and $\no{formula$" in svg
