"""The metrics of mutual information as their papers put them, a pair of columns after the other."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, mutual_info_score
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from disbench.metrics.table import CodeTable

    Matrix = NDArray[np.float64]

N_BINS = 20
N_POINTS = 10_000
N_SAMPLES = 20
"""Of the 10,000 that the posterior's gap takes, whose direct sum would be minutes."""


def drawn(table: CodeTable) -> CodeTable:
    """10,000 rows of a table."""
    return table.sample(N_POINTS, rng=np.random.default_rng(0))


def mig(table: CodeTable) -> float:
    """The mutual information gap on all points."""
    gaps = [
        _gap(information) / mutual_info_score(factor, factor)
        for information, factor in zip(_information(table).T, table.factors.T, strict=True)
    ]
    return float(np.mean(gaps))


def mig_of_points(table: CodeTable) -> float:
    """The mutual information gap on 10,000 random points."""
    return mig(drawn(table))


def mig_of_posterior(table: CodeTable) -> float:
    """The gap of the aggregate posterior by `N_SAMPLES` of its samples; the first factor is out."""
    rng, whole, gaps = np.random.default_rng(0), np.arange(table.n), []
    entropy = _entropies(table, whole, rng)
    for values in table.factors.T[1:]:
        groups = [np.flatnonzero(values == value) for value in range(values.max() + 1)]
        held = np.mean([_entropies(table, rows, rng) for rows in groups], axis=0)
        gaps.append(_gap((entropy - held).clip(min=0)) / np.log(len(groups)))
    return float(np.mean(gaps))


def modularity(table: CodeTable) -> float:
    """The modularity of dimensions on 10,000 points."""
    return float(np.mean(_modularities(_information(drawn(table)))))


def weighted_modularity(table: CodeTable) -> float:
    """The same, weighted by each dimension's largest information."""
    information = _information(drawn(table))
    return float(np.average(_modularities(information), weights=information.max(axis=1)))


def pairwise_information(table: CodeTable) -> float:
    """The mean mutual information of two dimensions, on 10,000 points."""
    bins = [_binned(code) for code in drawn(table).codes.T]
    return float(np.mean([mutual_info_score(*pair) for pair in permutations(bins, 2)]))


def infomec(table: CodeTable) -> float:
    """The InfoM of dimensions that are all active, with InfoE, by scikit-learn's estimators."""
    points = drawn(table)
    columns = [
        mutual_info_classif(points.codes, factor, n_neighbors=10, random_state=0)
        / mutual_info_score(factor, factor)
        for factor in points.factors.T
    ]
    for factor in points.factors.T:
        _explicitness(points.codes, factor)
    information = np.stack(columns, axis=1)
    even = 1 / points.n_factors
    share = (information.max(axis=1) / information.sum(axis=1)).mean()
    return float((share - even) / (1 - even))


def _information(points: CodeTable) -> Matrix:
    """(d, k) in nats."""
    bins = [_binned(code) for code in points.codes.T]
    return np.array([[mutual_info_score(b, factor) for factor in points.factors.T] for b in bins])


def _binned(code: NDArray[np.float32]) -> NDArray[np.intp]:
    _, edges = np.histogram(code, N_BINS)
    return np.digitize(code, edges[:-1])


def _gap(information: Matrix) -> float:
    second, first = np.sort(information)[-2:]
    return float(first - second)


def _modularities(information: Matrix) -> list[float]:
    return [1 - _spread(row) for row in information]


def _spread(row: Matrix) -> float:
    largest = row.max() ** 2
    return float((np.sum(row**2) - largest) / (largest * (len(row) - 1)))


def _entropies(table: CodeTable, rows: NDArray[np.intp], rng: np.random.Generator) -> Matrix:
    """Of each dimension's aggregate posterior of these rows, in nats: (d,)."""
    assert table.log_variance is not None
    mean, log_variance = (part[rows].astype(float) for part in (table.codes, table.log_variance))
    chosen = rng.integers(len(rows), size=N_SAMPLES)
    noise = rng.standard_normal((N_SAMPLES, table.n_codes))
    samples = mean[chosen] + np.exp(log_variance[chosen] / 2) * noise
    densities = [_log_densities(sample, mean, log_variance) for sample in samples]
    return np.asarray(-np.mean(densities, axis=0))


def _log_densities(sample: Matrix, mean: Matrix, log_variance: Matrix) -> Matrix:
    squares = (sample - mean) ** 2 / np.exp(log_variance)
    logs = -0.5 * (squares + log_variance + np.log(2 * np.pi))
    return np.asarray(logsumexp(logs, axis=0) - np.log(len(mean)))


def _explicitness(codes: NDArray[np.float32], factor: NDArray[np.int64]) -> float:
    standard = StandardScaler().fit_transform(codes)
    model = LogisticRegression(C=np.inf, class_weight="balanced", max_iter=100)
    probability = model.fit(standard, factor).predict_proba(standard)
    return 1 - float(log_loss(factor, probability)) / float(np.log(len(model.classes_)))
