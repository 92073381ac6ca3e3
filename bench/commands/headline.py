"""The table that ends `disbench run` and `disbench report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from disbench.report.headline import headline_of
from disbench.settings import spoken
from disbench.words import counted, number

if TYPE_CHECKING:
    from disbench.evidence import Evidence

WIDTH = 80
SCORE_WIDTH, REST_WIDTH = 16, 24
"""What a column of scores takes at most, and what the numbers before them do."""


def headline_table(evidence: Evidence) -> Table:
    """A row a setting: seeds, reconstruction, KL, and the mean of the protocols that say most.

    Scores are those of the posterior means, also called the mean representation. What does not fit
    in 80 columns is counted in the caption.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    longest = max((len(spoken(setting)) for setting in evidence.settings), default=0)
    headline = headline_of(evidence, most=max(1, (WIDTH - REST_WIDTH - longest) // SCORE_WIDTH))
    n_more = evidence.scores_of("mean")["protocol"].nunique() - len(headline.protocols)
    if n_more > 0:
        table.caption = f"and {counted(n_more, 'more protocol')} in summary.csv"
    table.add_column("setting", overflow="fold")  # a long name goes on in the next line
    for name in ("n", "recon.", "KL"):
        table.add_column(name, justify="right", no_wrap=True)
    for protocol in headline.protocols:
        table.add_column(protocol.replace("/", "/\n"), justify="right")
    for row in headline.rows:
        table.add_row(
            Text(spoken(row.setting)),  # a directory may be called [red]
            str(row.n),
            number(row.reconstruction, ".1f"),
            number(row.kl, ".1f"),
            *(number(score.mean, ".3f") for score in row.scores),
        )
    return table
