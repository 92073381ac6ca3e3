"""Which protocols rank the runs alike, and whether they follow what a run reconstructs."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, permutations
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
MOST_ORDERED = 8
"""Runs of which p tries every order; Student's t would find 3 in perfect order beyond chance."""


def rank_correlations(scores: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each representation and each two of its protocols and the numbers of `MEASURED`.

    `rho` is Spearman's rank correlation over the `n` runs where both are finite, `p` that of no
    correlation, two-sided: exact for 8 runs or fewer, and otherwise by Student's t. Both are NaN
    for fewer than 3 runs, or where one of both is the same throughout. A run's score is its mean
    over evaluation seeds. Protocols stand in the order of the scores, and every pair stands once.

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
    p = _exact_p(x, y) if len(x) <= MOST_ORDERED else found.pvalue
    return float(found.statistic), float(p)


def _exact_p(x: FloatArray, y: FloatArray) -> float:
    """The share of all orders of y that correlate with x at least as much, either way."""
    first, second = stats.rankdata(x), stats.rankdata(y)
    strengths = _strengths(tuple(sorted(first)), tuple(sorted(second)))
    return float(np.mean(strengths >= abs(first @ second - first.sum() * second.mean())))


@lru_cache(maxsize=32)
def _strengths(first: tuple[float, ...], second: tuple[float, ...]) -> FloatArray:
    """|covariance| times n of ranks in every order; halves and their products, so exact."""
    covariances = np.array(list(permutations(second))) @ first - sum(first) * np.mean(second)
    return np.asarray(np.abs(covariances))
