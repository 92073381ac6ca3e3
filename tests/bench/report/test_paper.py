"""The headline as a paper takes it in: Markdown and LaTeX, by every character."""

from __future__ import annotations

import re
from dataclasses import replace
from math import nan

import pytest

from disbench.report.headline import Estimate, Headline, HeadlineRow
from disbench.report.paper import CAPTION, latex, markdown

AE = HeadlineRow(
    setting="ae",
    source="results",
    model="ae",
    beta=nan,
    hyperparameters=None,
    n=1,
    reconstruction=80.25,
    kl=nan,
    active_dimensions=10.0,
    scores=(Estimate(0.125, nan, nan), Estimate(nan, nan, nan)),
)
FOUR = HeadlineRow(
    setting="4",
    source="results",
    model="beta_vae",
    beta=4.0,
    hyperparameters="beta=4",
    n=3,
    reconstruction=100.04,
    kl=12.26,
    active_dimensions=16 / 3,
    scores=(Estimate(0.25, 0.1, 0.4), Estimate(0.8125, 0.5, 1.0)),
)
HEADLINE = Headline(("mig/exact", "factor_vae/kim2018"), (AE, FOUR))

STRANGE = replace(FOUR, setting=r"a_b|c&d%e$f#g{h}i~j^k\l: 4")


def _unescaped(text: str) -> str:
    """What is left of LaTeX when all that is escaped is gone."""
    return re.sub(r"\\(?:textasciitilde|textasciicircum|textbackslash)\{\}|\\[&%$#_{}]", "", text)


def test_markdown_by_value() -> None:
    assert markdown(HEADLINE).splitlines() == [
        CAPTION,
        "",
        "| setting | seeds | reconstruction | KL | active | mig/exact | factor_vae/kim2018 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| ae | 1 | 80.2 | \u2013 | 10.0 | 0.125 | \u2013 |",
        "| beta 4 | 3 | 100.0 | 12.3 | 5.3 | 0.250 [0.100, 0.400] | 0.812 [0.500, 1.000] |",
    ]


def test_latex_by_value() -> None:
    assert latex(HEADLINE).splitlines() == [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        (
            r"\caption{Means over seeds; in brackets 95 \% bootstrap intervals of the mean. "
            "Reconstruction error and KL in nats per image; scores are those of the posterior "
            "means.}"
        ),
        r"\begin{tabular}{lrrrrrr}",
        r"\toprule",
        r"setting & seeds & reconstruction & KL & active & mig/exact & factor\_vae/kim2018 \\",
        r"\midrule",
        r"ae & 1 & 80.2 & -- & 10.0 & 0.125 & -- \\",
        r"beta 4 & 3 & 100.0 & 12.3 & 5.3 & 0.250 [0.100, 0.400] & 0.812 [0.500, 1.000] \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_a_pipe_does_not_end_a_cell_of_markdown() -> None:
    *_, row = markdown(Headline(HEADLINE.protocols, (STRANGE,))).splitlines()
    assert r"a_b\|c&d%e$f#g{h}i~j^k\l: beta 4" in row
    assert len(re.findall(r"(?<!\\)\|", row)) == 8


def test_what_latex_reads_as_a_command_is_escaped() -> None:
    text = latex(Headline(HEADLINE.protocols, (STRANGE,)))
    assert (
        r"a\_b|c\&d\%e\$f\#g\{h\}i\textasciitilde{}j\textasciicircum{}k\textbackslash{}l: beta 4 &"
    ) in text


@pytest.mark.parametrize("rows", [(), (AE,), (AE, FOUR, STRANGE)])
def test_latex_is_whole(rows: tuple[HeadlineRow, ...]) -> None:
    """Every brace and environment is closed, and every row has the cells of its columns."""
    text = latex(Headline(HEADLINE.protocols, rows))
    bare = _unescaped(text)
    depths = [bare[: i + 1].count("{") - bare[: i + 1].count("}") for i in range(len(bare))]
    assert (min(depths), depths[-1]) == (0, 0)
    assert re.findall(r"\\begin\{(\w+)\}", text) == ["table", "tabular"]
    assert re.findall(r"\\end\{(\w+)\}", text) == ["tabular", "table"]
    cells = [line.count("&") for line in bare.splitlines() if line.endswith(r"\\")]
    assert cells == [6] * (1 + len(rows))
    body = bare.split("\n", 1)[1]
    assert not set("#$_^~%") & set(body)
    assert text.isascii()


def test_headline_without_protocols_has_the_costs_alone() -> None:
    *_, row = markdown(Headline((), (replace(AE, scores=()),))).splitlines()
    assert row == "| ae | 1 | 80.2 | \u2013 | 10.0 |"
