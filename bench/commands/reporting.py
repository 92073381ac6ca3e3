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

    from rich.console import Console

    from disbench.evidence import Evidence

WIDTH = 80
SCORE_WIDTH, REST_WIDTH = 16, 24
"""What a column of scores takes at most, and what the numbers before them do."""


def rebuild(directory: Path, *, console: Console) -> None:
    """Rebuild what is derived from the runs in a directory, and list the runs it lacks."""
    check_is_results(directory)
    evidence = write_report(directory)
    show_results(evidence, directory, console=console)
    study = Store(directory).study()
    missing = [] if study is None else missing_runs(evidence, directory.resolve().name, study)
    if missing:
        console.print(f"{len(missing)} runs of the study are missing:", markup=False)
        console.print("\n".join(f"  {label}" for label in missing), markup=False)


def check_is_results(directory: Path) -> None:
    """Raise `StoreError` unless a directory holds results."""
    if not (directory / "runs").is_dir():
        raise StoreError(
            f"{directory} is no results directory: it has no runs/; give the --out of a "
            "`disbench run`, such as results/quick"
        )


def show_results(evidence: Evidence, directory: Path, *, console: Console) -> None:
    """Print the headline, and where everything else is."""
    console.print(headline_table(evidence))
    console.print(f"tables and figures: {directory}/", markup=False, soft_wrap=True)
    console.print(f"report: {directory}/report.html", markup=False, soft_wrap=True)


def headline_table(evidence: Evidence) -> Table:
    """A row a setting: seeds, reconstruction, KL, and the mean of the protocols that say most.

    Scores are those of the posterior means, also called the mean representation. What does not fit
    in 80 columns is counted in the caption.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    longest = max((len(spoken(setting)) for setting in evidence.settings), default=0)
    room = max(1, (WIDTH - REST_WIDTH - longest) // SCORE_WIDTH)
    headline = headline_of(evidence, most=room)
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
