"""A figure is two files, the same whenever it is drawn, and tells its parts apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.image import imread

from disbench.figures.style import (
    FLOOR,
    INK,
    LINE,
    SERIES,
    STYLE,
    Picture,
    grid_of_panels,
    height_for,
    markers,
    palette,
    write_picture,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [f"setting {i}" for i in range(25)]


def _picture() -> Picture:
    figure = Figure(figsize=(3, 2), layout="constrained")
    panel = figure.subplots()
    panel.plot([0, 1], [1, 0], marker="o")
    panel.bar([0], [1], hatch="//", edgecolor=LINE)
    panel.set_title("a title")
    return Picture("name", "title", "caption", "alt", figure)


@pytest.fixture
def _style() -> Iterator[None]:
    with rc_context(dict(STYLE)):
        yield


@pytest.mark.usefixtures("_style")
def test_legend_of_many_names_has_its_height() -> None:
    assert height_for(["a"], 3.2) == 3.2
    assert height_for(["a"] * 36, 3.2) > 36 * 0.18


def test_figure_is_written_as_png_and_svg(tmp_path: Path) -> None:
    svg = write_picture(_picture(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["name.png", "name.svg"]
    assert (tmp_path / "name.svg").read_text("utf-8") == svg
    pixels = imread(tmp_path / "name.png")
    assert pixels.shape == (240, 360, 4)  # 120 dots an inch
    assert pixels[0, 0].tolist() == [1, 1, 1, 1]  # white, for slides
    assert pixels[..., :3].std() > 0.05


@pytest.mark.usefixtures("_style")
def test_same_figure_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_picture(_picture(), tmp_path / name)
    for file in ("name.png", "name.svg"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.usefixtures("_style")
def test_svg_has_no_date_and_no_maker(tmp_path: Path) -> None:
    svg = write_picture(_picture(), tmp_path)
    assert not re.search(r"dc:date|dc:creator|\b20\d\d-\d\d-\d\d", svg)
    assert "Matplotlib" not in svg


@pytest.mark.usefixtures("_style")
def test_text_stays_text_and_has_a_font_to_fall_back_on(tmp_path: Path) -> None:
    svg = write_picture(_picture(), tmp_path)
    [style] = re.findall(r'<text style="([^"]*)"[^>]*>a title<', svg)
    assert "'DejaVu Sans', Verdana, sans-serif" in style
    assert svg.count("DejaVu Sans") == svg.count("'DejaVu Sans', Verdana, sans-serif")


@pytest.mark.usefixtures("_style")
def test_figure_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    for name in ("name.png", "name.svg"):
        (tmp_path / name).write_bytes(b"old")
    write_picture(_picture(), tmp_path)
    assert imread(tmp_path / "name.png").shape == (240, 360, 4)
    assert (tmp_path / "name.svg").read_text("utf-8").startswith("<?xml")


def test_ten_names_have_ten_colours() -> None:
    assert list(palette(NAMES[:10]).values()) == list(SERIES)
    assert palette(NAMES)["setting 10"] == SERIES[0]
    assert len(set(SERIES)) == 10


def test_names_of_one_colour_have_other_markers() -> None:
    """However many settings there are, two of them never look the same."""
    colours, marks = palette(NAMES), markers(NAMES)
    assert len({(colours[name], marks[name]) for name in NAMES}) == len(NAMES)
    assert len(set(list(marks.values())[:10])) == 10


def test_series_have_none_of_the_colours_of_the_page() -> None:
    """The page gives ink, lines and floor another colour wherever these stand."""
    assert {INK, LINE, FLOOR}.isdisjoint(SERIES)


@pytest.mark.parametrize(("n", "shape"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 3)), (7, (3, 3))])
def test_panels_stand_row_by_row(n: int, shape: tuple[int, int]) -> None:
    figure = Figure()
    panels = list(grid_of_panels(figure, n, most_columns=3))
    assert len(panels) == n
    assert figure.axes == panels
    for place, panel in enumerate(panels):
        spec = panel.get_subplotspec()
        assert spec is not None
        assert spec.get_gridspec().get_geometry() == shape
        assert (spec.rowspan.start, spec.colspan.start) == divmod(place, 3)
