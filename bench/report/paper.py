"""The headline table for a paper: Markdown and LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.settings import spoken
from disbench.words import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from disbench.report.headline import Headline, HeadlineRow

CAPTION = (
    "Means over seeds; in brackets 95 % bootstrap intervals of the mean. Reconstruction error and "
    "KL in nats per image; scores are those of the posterior means."
)

LATEX = str.maketrans(
    {c: rf"\{c}" for c in "&%$#_{}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
    | {"\u2013": "--", "\u221e": r"$\infty$"}
)


def markdown(headline: Headline) -> str:
    """The table in GitHub's Markdown, its caption above."""
    header, rows = _cells(headline, lambda text: text.replace("|", r"\|"))
    rule = ["---", *("---:" for _ in header[1:])]
    lines = (f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
    return "\n".join([CAPTION, "", *lines, ""])


def latex(headline: Headline) -> str:
    """The table as LaTeX with booktabs, ready to be input."""
    header, rows = _cells(headline, lambda text: text.translate(LATEX))
    body = "\n".join(f"{' & '.join(cells)} \\\\" for cells in rows)
    return (
        "% needs \\usepackage{booktabs}\n"
        "\\begin{table}\n\\centering\n"
        f"\\caption{{{CAPTION.translate(LATEX)}}}\n"
        f"\\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}\n\\toprule\n"
        f"{' & '.join(header)} \\\\\n\\midrule\n{body}\n\\bottomrule\n"
        "\\end{tabular}\n\\end{table}\n"
    )


def _cells(headline: Headline, escape: Callable[[str], str]) -> tuple[list[str], list[list[str]]]:
    header = ["setting", "seeds", "reconstruction", "KL", "active", *headline.protocols]
    rows = ([*_plain(row), *map(str, row.scores)] for row in headline.rows)
    return [escape(name) for name in header], [[escape(cell) for cell in row] for row in rows]


def _plain(row: HeadlineRow) -> Sequence[str]:
    return (
        spoken(row.setting),
        str(row.n),
        number(row.reconstruction, ".1f"),
        number(row.kl, ".1f"),
        number(row.active_dimensions, ".1f"),
    )
