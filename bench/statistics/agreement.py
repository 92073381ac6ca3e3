"""Which protocols rank the runs alike, and whether they follow what a run reconstructs."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from disbench.columns import frame_of
from disbench.statistics.run_scores import run_scores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from disbench.metrics.arrays import FloatArray

RUN = ["source", "run"]
MEASURED = ["reconstruction", "kl", "elbo", "active_dimensions"]
"""The numbers of a run that are no scores."""
FEWEST = 3
"""Runs for a correlation: any two are in perfect order or its reverse."""


def rank_correlations(scores: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each representation and each two of its protocols and the numbers of `MEASURED`.

    `rho` is Spearman's rank correlation over the `n` runs where both are finite, `p` that of no
    correlation; NaN for fewer than 3 runs, or where one of both is the same throughout. A run's
    score is its mean over evaluation seeds. Protocols stand in the order of the scores, and every
    pair stands once.

    Source: Spearman 1904; Locatello et al. 2019 for the question.
    """
    measured = runs.set_index(RUN)[MEASURED].astype("float64")
    rows = [
        {"representation": representation, **row}
        for representation, of_runs in run_scores(scores).groupby("representation", sort=False)
        for row in _pairs(_by_run(of_runs).join(measured))
    ]
    return frame_of("agreement", rows)


def _by_run(runs: pd.DataFrame) -> pd.DataFrame:
    """A row a run, a column a protocol, both in the order of first appearance."""
    groups = runs.groupby("protocol", sort=False)
    return pd.concat({name: group.set_index(RUN)["value"] for name, group in groups}, axis=1)


def _pairs(table: pd.DataFrame) -> Iterator[dict[str, object]]:
    columns = table.to_numpy().T
    for (first, x), (second, y) in combinations(zip(table.columns, columns, strict=True), 2):
        both = np.isfinite(x) & np.isfinite(y)
        rho, p = _spearman(x[both], y[both])
        yield {"first": first, "second": second, "n": int(both.sum()), "rho": rho, "p": p}


def _spearman(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    if len(x) < FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan, np.nan
    found = stats.spearmanr(x, y)
    return float(found.statistic), float(found.pvalue)
