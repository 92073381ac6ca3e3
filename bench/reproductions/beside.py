"""Our numbers beside the published ones, and what the difference allows to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from disbench.dsprites import RENDERED_SHA256
from disbench.statistics.differences import (
    Interval,
    best_half,
    difference_of_best_halves,
    difference_of_means,
)
from disbench.statistics.run_scores import run_scores
from disbench.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from disbench.metrics.arrays import FloatArray
    from disbench.reproductions.reproduction import PublishedRow, PublishedTable, Reproduction
    from disbench.tables import Tables

COLUMNS: Mapping[str, str] = {
    "label": "str",
    "model": "str",
    "hyperparameters": "str",
    "quantity": "str",
    "statistic": "str",
    "published": "float64",
    "published_n": "int64",
    "from_memory": "bool",
    "n": "int64",
    "ours": "float64",
    "difference": "float64",
    "difference_low": "float64",
    "difference_high": "float64",
    "tolerance": "float64",
    "verdict": "str",
    "reason": "str",
    "citation": "str",
}
"""The columns of ``published.csv``, and their types."""

OF_RUNS = ("reconstruction", "kl")
"""Quantities that are columns of the table of runs."""

UNKNOWN = Interval(np.nan, np.nan)


class Verdict(NamedTuple):
    """What may be said of a difference, and why no more."""

    word: str
    reason: str = ""


AGREES, DIFFERS, OPEN = "agrees", "differs", "open"
NOT_COMPARABLE, NOT_RUN, NOT_BUILT = "not comparable", "not run", "not in disbench"


def beside(reproduction: Reproduction, tables: Tables) -> pd.DataFrame:
    """A row for each published number: ours, the difference, its 95 % interval and a verdict.

    ``agrees`` is said where the whole interval lies within the tolerance, ``differs`` where all of
    it lies beyond, and ``open`` of what is between, or of a training that is not known in full.
    Numbers of other conditions are ``not comparable``, whatever they are.
    """
    rows = (_row(table, row, tables) for table in reproduction.tables for row in table.rows)
    return pd.DataFrame(list(rows), columns=[*COLUMNS]).astype(dict(COLUMNS))


def verdict(interval: Interval, *, tolerance: float) -> Verdict:
    """What the interval of a difference supports."""
    if np.isnan(interval.low):
        return Verdict(OPEN, "an interval takes two seeds")
    if max(abs(interval.low), abs(interval.high)) <= tolerance:
        return Verdict(AGREES)
    if interval.low > tolerance or interval.high < -tolerance:
        return Verdict(DIFFERS)
    return Verdict(OPEN, "the interval ends on either side of the tolerance")


def _row(table: PublishedTable, row: PublishedRow, tables: Tables) -> dict[str, object]:
    runs = _runs_of(row, tables.runs)
    ours = _values(table.quantity, runs, tables.scores)
    theirs = np.array(row.values)
    known = len(ours) and np.isfinite(ours).all()
    found = _difference(table, ours, theirs) if known else UNKNOWN
    judged = _judged(table, row, runs, ours, found)
    our_value = _statistic(table, ours) if known else np.nan
    return {
        **_as_published(table, row),
        "n": len(ours),
        "ours": our_value,
        "difference": our_value - float(theirs.mean()),
        "difference_low": found.low,
        "difference_high": found.high,
        "verdict": judged.word,
        "reason": judged.reason,
    }


def _as_published(table: PublishedTable, row: PublishedRow) -> dict[str, object]:
    """What a row says before anything of ours is looked at."""
    return {
        "label": row.label,
        "model": row.model,
        "hyperparameters": row.hyperparameters,
        "quantity": table.quantity,
        "statistic": table.statistic,
        "published": float(np.mean(row.values)),
        "published_n": max(len(row.values), table.n_models),
        "from_memory": row.from_memory,
        "tolerance": table.tolerance,
        "citation": table.source,
    }


def _runs_of(row: PublishedRow, runs: pd.DataFrame) -> pd.DataFrame:
    """The finished runs of a setting."""
    there = runs["model"].eq(row.model or "") & runs["status"].eq("done")
    chosen = runs["hyperparameters"].fillna("").eq(row.hyperparameters or "")
    return runs[there & chosen]


def _values(quantity: str, runs: pd.DataFrame, scores: pd.DataFrame) -> FloatArray:
    """A number a run."""
    if quantity in OF_RUNS:
        return np.asarray(runs[quantity].to_numpy("float64"))
    asked = scores["representation"].eq("mean") & scores["protocol"].eq(quantity)
    mine = scores[asked & scores["run"].isin(runs["run"])]
    return np.asarray(run_scores(mine)["value"].to_numpy("float64"))


def _difference(table: PublishedTable, ours: FloatArray, theirs: FloatArray) -> Interval:
    if table.statistic == "best half":
        return difference_of_best_halves(ours, float(theirs.mean()))
    return difference_of_means(ours, theirs, n_models=table.n_models)


def _statistic(table: PublishedTable, ours: FloatArray) -> float:
    return float(best_half(ours) if table.statistic == "best half" else ours.mean())


def _judged(
    table: PublishedTable,
    row: PublishedRow,
    runs: pd.DataFrame,
    ours: FloatArray,
    found: Interval,
) -> Verdict:
    obstacle = next(_obstacles(table, row, runs, ours), None)
    return obstacle or verdict(found, tolerance=table.tolerance)


def _obstacles(
    table: PublishedTable, row: PublishedRow, runs: pd.DataFrame, ours: FloatArray
) -> Iterator[Verdict]:
    """Why a number cannot be judged, the gravest reason first."""
    if row.model is None:
        yield Verdict(NOT_BUILT)
    if not len(ours):
        yield Verdict(NOT_RUN)
    if others := [*_other_data(runs), *_other_conditions(table, row, runs)]:
        yield Verdict(NOT_COMPARABLE, "; ".join(others))
    if table.statistic == "best half" and len(ours) != table.n_models:
        yield Verdict(NOT_COMPARABLE, f"better half of {len(ours)}, not of {table.n_models}")
    if not np.isfinite(ours).all():
        yield Verdict(OPEN, "one of ours is no number")
    if unknown := table.unknown_of(row):
        yield Verdict(OPEN, f"the published {listed(unknown)} are not known to us")


def _other_data(runs: pd.DataFrame) -> Iterator[str]:
    """Of which images the runs were, if not of dSprites."""
    others = runs[runs["data_sha256"].ne(RENDERED_SHA256)]
    yield from (f"data {source}, not dSprites" for source in dict.fromkeys(others["data_source"]))


def _other_conditions(
    table: PublishedTable, row: PublishedRow, runs: pd.DataFrame
) -> Iterator[str]:
    """What the runs had otherwise: ``steps 3,000, not 300,000``."""
    for name, expected in table.conditions_of(row).items():
        had = [value for value in dict.fromkeys(runs[name].dropna()) if value != expected]
        if had:
            values = " and ".join(_plain(value) for value in had)
            yield f"{name.replace('_', ' ')} {values}, not {_plain(expected)}"


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
