"""How often the values of one sample beat those of another, how surely, and whether by luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from disbench.metrics.arrays import BoolArray, FloatArray

    Pair = tuple[FloatArray, FloatArray]

CONFIDENCE = 0.95
N_HALVINGS = 60
"""Of an interval of length 1 at most: past the last bit of a float64."""


def mann_whitney(pairs: Sequence[Pair]) -> tuple[FloatArray, FloatArray]:
    """For each pair of samples, the probability that the first wins, and p of the two-sided test.

    The probability is U / (n m), ties counting half; p is exact where a sample has 8 values or
    fewer and there are no ties, and otherwise asymptotic. Both are NaN for values that are not all
    finite.

    Source: Mann & Whitney 1947.
    """
    probability, p = np.full((2, len(pairs)), np.nan)
    for places in _alike(pairs):
        first, second = (np.stack([pairs[place][side] for place in places]) for side in (0, 1))
        test = stats.mannwhitneyu(first, second, axis=-1)
        probability[places] = test.statistic / (first.shape[-1] * second.shape[-1])
        p[places] = test.pvalue
    return probability, p


def probability_interval(
    probability: FloatArray, n_first: FloatArray, n_second: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The ends of the 95 % interval of the probability that one sample's values beat another's.

    The score interval: all t with (t - probability)^2 <= z^2 V(t), where, with n and m values,

        V(t) = t (1 - t) [1 + N ((1 - t) / (2 - t) + t / (1 + t))] / (n m),  N = (n + m) / 2 - 1

    has the form of the variance for exponential scores. It keeps a length where the samples do not
    overlap, a case in which a bootstrap sees no variance. Arguments are arrays of one shape; NaN
    stays NaN.

    Source: Newcombe 2006, Statistics in Medicine 25(4), 559-573, method 5.
    """
    z_squared = stats.norm.ppf((1 + CONFIDENCE) / 2) ** 2

    def excluded(t: FloatArray) -> BoolArray:
        inflation = 1 + ((n_first + n_second) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t))
        variance = t * (1 - t) * inflation / (n_first * n_second)
        return np.asarray((t - probability) ** 2 > z_squared * variance)

    low = _boundary(excluded, outside=np.zeros_like(probability), inside=probability)
    return low, _boundary(excluded, outside=np.ones_like(probability), inside=probability)


def _alike(pairs: Sequence[Pair]) -> list[list[int]]:
    """The places of pairs of finite values that one call can test: of equal sizes, with or without.

    The test is chosen for all pairs of a call, and ties in one would decide it for the others.
    """
    groups: dict[tuple[int, int, bool], list[int]] = {}
    for place, (first, second) in enumerate(pairs):
        values = np.concatenate([first, second])
        if np.isfinite(values).all():
            ties = len(np.unique(values)) < len(values)
            groups.setdefault((len(first), len(second), ties), []).append(place)
    return list(groups.values())


def _boundary(
    excluded: Callable[[FloatArray], BoolArray], *, outside: FloatArray, inside: FloatArray
) -> FloatArray:
    """Where, between two points, what is excluded ends: by bisection."""
    for _ in range(N_HALVINGS):
        middle = (outside + inside) / 2
        out = excluded(middle)
        outside, inside = np.where(out, middle, outside), np.where(out, inside, middle)
    return inside
