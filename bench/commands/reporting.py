"""`disbench report`, and the table that ends `disbench run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.table import Table

from disbench.errors import StoreError
from disbench.report import missing_runs, write_report
from disbench.settings import SETTING, beside_beta

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rich.console import Console

    from disbench.tables import Tables


MOST_COLUMNS = 3


def rebuild(directory: Path, *, console: Console) -> None:
    """Rebuild what is derived from the runs in a directory, and list the runs it lacks."""
    if not (directory / "runs").is_dir():
        raise StoreError(
            f"{directory} is no results directory: it has no runs/; give the --out of a "
            "`disbench run`, such as results/quick"
        )
    console.print(headline(write_report(directory)))
    console.print(f"tables and figures: {directory}/", markup=False, soft_wrap=True)
    missing = missing_runs(directory)
    if missing:
        console.print(f"{len(missing)} runs of the study are missing:", markup=False)
        console.print("\n".join(f"  {label}" for label in missing), markup=False)


def headline(tables: Tables) -> Table:
    """A row a model and beta: seeds, reconstruction, KL, and the mean of every protocol.

    Scores are those of the posterior means, also called the mean representation. What does not fit
    in 80 columns is counted in the caption.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    summary = tables.summary[tables.summary["representation"] == "mean"]
    every = list(dict.fromkeys(summary["protocol"]))
    protocols = every[:MOST_COLUMNS]
    if len(every) > MOST_COLUMNS:
        table.caption = f"and {len(every) - MOST_COLUMNS} more protocols in summary.csv"
    for name in ("model", "beta", "n", "recon.", "KL"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for protocol in protocols:
        table.add_column(protocol.replace("/", "/\n"), justify="right")
    for setting in tables.runs[list(SETTING)].drop_duplicates().itertuples(index=False):
        done = tables.runs[_is(tables.runs, setting) & (tables.runs["status"] == "done")]
        scores = summary[_is(summary, setting)].set_index("protocol")["mean"]
        source, model, beta, hyperparameters = setting
        prefix = f"{source}: " if len(set(tables.runs["source"])) > 1 else ""
        table.add_row(
            f"{prefix}{model} {beside_beta(beta, hyperparameters)}".rstrip(),
            _number(beta, "g"),
            str(len(done)),
            _number(done["reconstruction"].mean(), ".1f"),
            _number(done["kl"].mean(), ".1f"),
            *(_number(scores.get(protocol, np.nan), ".3f") for protocol in protocols),
        )
    return table


def _is(frame: pd.DataFrame, setting: Iterable[str | float]) -> pd.Series[bool]:
    """Which rows are of this setting; having no beta is a value of its own."""
    same = pd.Series(data=True, index=frame.index)
    for name, value in zip(SETTING, setting, strict=True):
        same &= frame[name].eq(value) | (frame[name].isna() & (value != value))  # noqa: PLR0124
    return same


def _number(value: float, form: str) -> str:
    """A number, or a dash where there is none."""
    return "-" if np.isnan(value) else format(value, form)
