"""Entropies and mutual information of discrete variables, in nats, by counting."""

from collections.abc import Sequence

import numpy as np
from scipy.special import entr

from disbench.metrics.arrays import FloatArray, IntArray


def equal_width_bins(values: FloatArray, n_bins: int) -> IntArray:
    """Return each value's bin when the values' range is cut into `n_bins` of equal width.

    Shapes: (n,) -> (n,) labels 0 .. n_bins - 1. A bin contains its lower edge; the last one also
    contains the maximum. Constant values share bin 0.
    """
    values = values.astype(np.float64)  # in float32, edges of a long range would round
    low, high = values.min(), values.max()
    if low == high:
        return np.zeros(len(values), dtype=np.intp)
    bins: IntArray = ((values - low) * (n_bins / (high - low))).astype(np.intp)
    return bins.clip(max=n_bins - 1)


def binned_codes(codes: FloatArray, n_bins: int) -> IntArray:
    """Return (n, d) codes as (n, d) labels: each dimension in equal-width bins over its range."""
    return np.stack([equal_width_bins(column, n_bins) for column in codes.T], axis=1)


def entropy(labels: IntArray) -> float:
    """Return the plug-in entropy of (n,) labels in nats: 0 for one value, at most log(values)."""
    return float(entr(np.bincount(labels) / len(labels)).sum())


def entropies(labels: IntArray) -> FloatArray:
    """Return the plug-in entropy of each column of (n, k) labels: (k,) nats."""
    return np.array([entropy(column) for column in labels.T])


def contingency(first: IntArray, second: IntArray, n_first: int, n_second: int) -> IntArray:
    """Return how often each pair of labels occurs: (n,), (n,) -> (n_first, n_second) counts."""
    cells = np.bincount(first * n_second + second, minlength=n_first * n_second)
    return cells.reshape(n_first, n_second)


def mutual_information(counts: IntArray) -> float:
    """Return the plug-in mutual information in nats of the two sides of a contingency table.

    Never negative, and exactly 0 for independent sides or a side with one value. The estimate is
    biased upwards by about (rows - 1)(columns - 1) / 2n: independent samples do not score 0.
    """
    n = int(counts.sum())
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True)
    seen = counts > 0
    joint = counts[seen]
    # Whole numbers, so that independent counts have the logarithm of exactly 1; a remainder of
    # rounding would look like information to a metric that takes ratios of it.
    information = (joint * np.log(joint * n / expected[seen])).sum() / n
    return max(0.0, float(information))


def mutual_information_matrix(
    codes: IntArray, factors: IntArray, n_bins: int, n_values: Sequence[int]
) -> FloatArray:
    """Return the mutual information of every code dimension with every factor in nats.

    Shapes: (n, d) labels below `n_bins`, (n, k) labels below `n_values` -> (d, k).
    """
    columns = [np.ascontiguousarray(column) for column in factors.T]
    information = np.empty((codes.shape[1], len(columns)))
    for i, code in enumerate(codes.T):
        for j, (factor, n) in enumerate(zip(columns, n_values, strict=True)):
            information[i, j] = mutual_information(contingency(code, factor, n_bins, n))
    return information
