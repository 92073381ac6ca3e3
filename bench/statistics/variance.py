"""How much of the variance of a score is due to choices, how much to the luck of the seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from disbench.columns import frame_of
from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS
from disbench.settings import SETTING
from disbench.statistics.run_scores import CELL, run_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from disbench.metrics.arrays import FloatArray, IntArray

LEVELS = {
    "source": ["source"],
    "objective": ["source", "model"],
    "hyperparameters": list(SETTING),
    "seed": [*SETTING, "run"],
}
"""What a score may vary with, each nested in the one before, and the columns that tell it."""

KNOWN = {**PROTOCOLS, **GROUP_PROTOCOLS}


def variance_explained(scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each representation and protocol: shares of the variance of a score, summing to 1.

    The components of the nested random model source > objective > hyperparameters > seed >
    evaluation. `hyperparameters` are all those of an objective together, `seed` stands for the
    runs of a setting, `evaluation` for repeated evaluations of a run. Estimates below 0 count as 0.

    What is the same throughout has a share of 0; so has `evaluation` of a protocol that does not
    draw. What cannot be told from the level above, in which it is then contained, is NaN:
    `evaluation` where every run was evaluated once, `seed` where no setting has two runs,
    `hyperparameters` where no objective has two settings. All shares are NaN where a score is
    missing or infinite, and where all scores are equal.
    """
    rows = [
        {"representation": representation, "protocol": protocol, **_row(group, str(protocol))}
        for (representation, protocol), group in scores.groupby(list(CELL), sort=False)
    ]
    return frame_of("variance", rows)


def components(values: FloatArray, levels: Sequence[IntArray]) -> FloatArray:
    """Variance components of (n,) values, by the ANOVA method: one a level, and the rest.

    `levels` are (n,) labels of groups, each level nested in the one before. Sums of squares, type
    I, are set equal to their expectations, which are linear in the components with coefficients
    that the sizes of the groups give; no balance is needed. Estimates may be negative. NaN for a
    level whose groups are those of the level above, in which its component is then contained.

    Source: Searle, Casella & McCulloch 1992, Variance Components, chapter 5.
    """
    groups = [np.zeros(len(values), dtype=int), *levels, np.arange(len(values))]
    distinct = [len(np.unique(labels)) for labels in groups]
    kept = [0] + [i for i in range(1, len(groups)) if distinct[i] > distinct[i - 1]]
    # Sums of squares are of differences from the mean, lest a large mean cancel their digits.
    squares = np.array([_squares(values - values.mean(), groups[i]) for i in kept])
    coefficients = np.array([[_coefficient(groups[i], groups[j]) for j in kept] for i in kept])
    estimates = np.full(len(groups), np.nan)
    # The component of level 0, the mean, is in all rows alike: it goes with the differences.
    estimates[kept[1:]] = np.linalg.solve(np.diff(coefficients, axis=0)[:, 1:], np.diff(squares))
    return estimates[1:]


def _squares(values: FloatArray, labels: IntArray) -> float:
    """The sum over groups of size * mean^2: differences between levels are sums of squares."""
    sizes = np.bincount(labels)
    return float((np.bincount(labels, weights=values) ** 2 / sizes).sum())


def _coefficient(groups: IntArray, effects: IntArray) -> float:
    """What the expected `_squares` of these groups hold of the component of these effects.

    The sum over groups of the sum over effects of shared^2 / size, where an effect and a group
    share so many values.
    """
    cells, shared = np.unique(np.stack([groups, effects]), axis=1, return_counts=True)
    return float((shared**2 / np.bincount(groups)[cells[0]]).sum())


def _row(scores: pd.DataFrame, protocol: str) -> dict[str, float]:
    """The shares of one protocol, and the number of runs and settings behind them."""
    draws = protocol not in KNOWN or KNOWN[protocol].draws
    observed = scores if draws else run_scores(scores)
    levels = [_labels(observed, columns) for columns in LEVELS.values()]
    *above, settings, runs = levels
    shares = _shares(observed["value"].to_numpy(), [*above, settings], runs)
    if not draws and np.isfinite(shares).any():
        shares[-1] = 0
    return {
        "n_runs": len(np.unique(runs)),
        "n_settings": len(np.unique(settings)),
        **dict(zip([*LEVELS, "evaluation"], shares, strict=True)),
    }


def _shares(values: FloatArray, settings: Sequence[IntArray], runs: IntArray) -> FloatArray:
    """Each level's share of the sum of the components that are not negative."""
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return np.full(len(settings) + 2, np.nan)
    estimates = components(values, [*settings, runs])
    same = np.array([labels.max() == 0 for labels in settings])
    estimates[: len(settings)][same] = 0
    parts = np.maximum(estimates, 0)  # leaves NaN as it is
    return np.asarray(parts / np.nansum(parts))


def _labels(scores: pd.DataFrame, columns: Sequence[str]) -> IntArray:
    """The number of each row's group: 0, 1, ..."""
    return scores.groupby(list(columns), dropna=False, sort=False).ngroup().to_numpy()
