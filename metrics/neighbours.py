"""Mutual information of a continuous variable with labels, by nearest neighbours."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import digamma

from disbench.metrics.arrays import FloatArray, IntArray


def neighbour_information(
    values: FloatArray, labels: IntArray, *, n_neighbours: int, rng: np.random.Generator
) -> float:
    """Return the mutual information in nats of (n,) values with (n,) labels, never negative.

    For each value, the distance to its n-th nearest neighbour under the same label is compared with
    the number of values of any label within it. Ties are broken by noise of 1e-10 of the values'
    spread. Values whose label occurs once are left out; constant values tell nothing.

    Source: Ross 2014, Mutual information between discrete and continuous data sets.
    """
    size = np.bincount(labels)[labels]
    values, labels, size = values[size > 1], labels[size > 1], size[size > 1]
    if len(values) == 0 or values.min() == values.max():
        return 0.0
    values = _untied(values, rng=rng)
    distance = np.empty(len(values))
    for label in np.unique(labels):
        own = labels == label
        distance[own] = _neighbour_distance(values[own], n_neighbours)
    within = _number_within(values, distance)
    neighbours = np.minimum(n_neighbours, size - 1)
    information = digamma(neighbours) - digamma(size) - digamma(within)
    return max(0.0, float(digamma(len(values)) + information.mean()))


def _untied(values: FloatArray, *, rng: np.random.Generator) -> FloatArray:
    scaled = values.astype(np.float64) / values.std(dtype=np.float64)
    spread = 1e-10 * max(1.0, float(np.abs(scaled).mean()))
    untied: FloatArray = scaled + spread * rng.standard_normal(len(values))
    return untied


def _number_within(values: FloatArray, distance: FloatArray) -> IntArray:
    """Return how many values, itself included, lie nearer to each value than its distance."""
    # The sum of a value and its distance rounds to either side of the neighbour that is just there;
    # a few units in the last place less, it is never counted.
    radius = np.maximum(distance - 4 * np.spacing(np.abs(values) + distance), 0)
    ordered = np.sort(values)
    upper = np.searchsorted(ordered, values + radius, side="right")
    within: IntArray = upper - np.searchsorted(ordered, values - radius, side="left")
    return within


def _neighbour_distance(values: FloatArray, n: int) -> FloatArray:
    """Return each value's distance to its n-th nearest other, or to the farthest of fewer.

    In sorted order the n nearest lie in one of the windows of n + 1 that hold the value; the least
    reach among those windows is the distance.
    """
    n = min(n, len(values) - 1)
    order = np.argsort(values)
    edge = np.full(n, np.inf)
    padded = np.concatenate([-edge, values[order], edge])
    windows = sliding_window_view(padded, 2 * n + 1)  # the value in the middle
    middle = values[order]
    reach = [
        np.maximum(middle - windows[:, n - below], windows[:, 2 * n - below] - middle)
        for below in range(n + 1)
    ]
    distance = np.empty(len(values))
    distance[order] = np.min(reach, axis=0)
    return distance
