"""`disbench report`, and the table that ends `disbench run`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from rich.table import Table

from disbench.errors import StoreError
from disbench.report import missing_runs, write_report
from disbench.tables import SETTING, beside_beta

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from disbench.commands.telling import Teller
    from disbench.tables import Tables


MOST_COLUMNS = 3


@dataclass(frozen=True)
class HeadlineRow:
    """A setting over its seeds: `means` are the mean scores by protocol; None where there is no
    number.
    """  # noqa: D205 - the sentence is longer than a line

    model: str
    beta: float | None
    hyperparameters: str | None
    n: int
    reconstruction: float | None
    kl: float | None
    means: Mapping[str, float | None]


def rebuild(directory: Path, *, teller: Teller) -> None:
    """Rebuild what is derived from the runs in a directory, and tell which runs it lacks."""
    if not (directory / "runs").is_dir():
        raise StoreError(
            f"{directory} is no results directory: it has no runs/; give the --out of a "
            "`disbench run`, such as results/quick"
        )
    teller.finished(directory, write_report(directory), missing=missing_runs(directory))


def headline(tables: Tables) -> Table:
    """A row a model and beta: seeds, reconstruction, KL, and the mean of every protocol.

    Scores are those of the posterior means, also called the mean representation. What does not fit
    in 80 columns is counted in the caption.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    rows = headline_rows(tables)
    every = list(rows[0].means) if rows else []
    protocols = every[:MOST_COLUMNS]
    if len(every) > MOST_COLUMNS:
        table.caption = f"and {len(every) - MOST_COLUMNS} more protocols in summary.csv"
    for name in ("model", "beta", "n", "recon.", "KL"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for protocol in protocols:
        table.add_column(protocol.replace("/", "/\n"), justify="right")
    for row in rows:
        table.add_row(
            f"{row.model} {beside_beta(row.beta, row.hyperparameters)}".rstrip(),
            _number(row.beta, "g"),
            str(row.n),
            _number(row.reconstruction, ".1f"),
            _number(row.kl, ".1f"),
            *(_number(row.means[protocol], ".3f") for protocol in protocols),
        )
    return table


def headline_rows(tables: Tables) -> list[HeadlineRow]:
    """A row a setting, each with all protocols, of the posterior means."""
    settings = tables.runs[list(SETTING)].drop_duplicates()
    return [_row(tables, setting) for setting in settings.itertuples(index=False)]


def _row(tables: Tables, setting: Iterable[str | float]) -> HeadlineRow:
    summary = tables.summary[tables.summary["representation"] == "mean"]
    done = tables.runs[_is(tables.runs, setting) & (tables.runs["status"] == "done")]
    means = summary[_is(summary, setting)].set_index("protocol")["mean"]
    model, beta, hyperparameters = setting
    return HeadlineRow(
        model=str(model),
        beta=_finite(beta),
        hyperparameters=hyperparameters if isinstance(hyperparameters, str) else None,
        n=len(done),
        reconstruction=_finite(done["reconstruction"].mean()),
        kl=_finite(done["kl"].mean()),
        means={name: _finite(means.get(name)) for name in dict.fromkeys(summary["protocol"])},
    )


def _is(frame: pd.DataFrame, setting: Iterable[str | float]) -> pd.Series[bool]:
    """Which rows are of this setting; having no beta is a value of its own."""
    same = pd.Series(data=True, index=frame.index)
    for name, value in zip(SETTING, setting, strict=True):
        same &= frame[name].eq(value) | (frame[name].isna() & (value != value))  # noqa: PLR0124
    return same


def _finite(value: object) -> float | None:
    return float(value) if isinstance(value, float | int) and math.isfinite(value) else None


def _number(value: float | None, form: str) -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else format(value, form)
