"""`disbench report`, and the table that ends `disbench run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from disbench.errors import StoreError
from disbench.report import missing_runs, write_report
from disbench.report.headline import headline_of
from disbench.report.paper import number
from disbench.settings import spoken
from disbench.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from disbench.commands.telling import Teller
    from disbench.evidence import Evidence

WIDTH = 80
SCORE_WIDTH, REST_WIDTH = 16, 24
"""What a column of scores takes at most, and what the numbers before them do."""


def rebuild(directory: Path, *, teller: Teller) -> None:
    """Rebuild what is derived from the runs in a directory, and tell which runs it lacks."""
    check_is_results(directory)
    evidence = write_report(directory)
    study = Store(directory).study()
    missing = [] if study is None else missing_runs(evidence, directory.resolve().name, study)
    teller.finished(directory, evidence, missing=missing)


def check_is_results(directory: Path) -> None:
    """Raise `StoreError` unless a directory holds results."""
    if not (directory / "runs").is_dir():
        raise StoreError(
            f"{directory} is no results directory: it has no runs/; give the --out of a "
            "`disbench run`, such as results/quick"
        )


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
        table.caption = f"and {n_more} more protocols in summary.csv"
    for name in ("setting", "n", "recon.", "KL"):
        table.add_column(name, justify="left" if name == "setting" else "right", no_wrap=True)
    for protocol in headline.protocols:
        table.add_column(protocol.replace("/", "/\n"), justify="right")
    for row in headline.rows:
        table.add_row(
            spoken(row.setting),
            str(row.n),
            number(row.reconstruction, ".1f"),
            number(row.kl, ".1f"),
            *(number(score.mean, ".3f") for score in row.scores),
        )
    return table
