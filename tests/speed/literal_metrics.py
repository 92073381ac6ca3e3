"""Metrics as their papers put them, in plain numpy and scikit-learn, to compare ours with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from disbench.metrics.table import CodeTable

N_BINS = 20
N_POINTS = 10_000
N_TEST = 5_000
N_PAIRS = 64


def mig_of_points(table: CodeTable) -> float:
    """The mutual information gap on 10,000 random points."""
    return mig(table.sample(N_POINTS, rng=np.random.default_rng(0)))


def mig(table: CodeTable) -> float:
    """The mutual information gap on all points, a pair of columns after the other."""
    bins = [_binned(code) for code in table.codes.T]
    gaps = [_gap(bins, factor) for factor in table.factors.T]
    return float(np.mean(gaps))


def beta_vae(table: CodeTable) -> float:
    """The beta-VAE metric, a point after the other, on the full grid of factors."""
    rng = np.random.default_rng(0)
    sizes = np.array(table.n_values)
    points, labels = zip(
        *(_point(table, sizes, rng) for _ in range(N_POINTS + N_TEST)), strict=True
    )
    classifier = LogisticRegression(max_iter=1_000).fit(points[:N_POINTS], labels[:N_POINTS])
    return float(classifier.score(points[N_POINTS:], labels[N_POINTS:]))


LITERAL: Mapping[str, Callable[[CodeTable], float]] = {
    "beta_vae/locatello2019": beta_vae,
    "mig/locatello2019": mig_of_points,
    "mig/exact": mig,
}


def _binned(code: NDArray[np.float32]) -> NDArray[np.intp]:
    _, edges = np.histogram(code, N_BINS)
    return np.digitize(code, edges[:-1])


def _gap(bins: list[NDArray[np.intp]], factor: NDArray[np.int64]) -> float:
    information = sorted(mutual_info_score(code, factor) for code in bins)
    return (information[-1] - information[-2]) / mutual_info_score(factor, factor)


def _point(
    table: CodeTable, sizes: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float32], int]:
    label = int(rng.integers(len(sizes)))
    first, second = rng.integers(sizes, size=(2, N_PAIRS, len(sizes)))
    second[:, label] = first[:, label]
    codes = [
        table.codes[np.ravel_multi_index(tuple(pair.T), tuple(sizes))] for pair in (first, second)
    ]
    return np.abs(codes[0] - codes[1]).mean(axis=0), label
