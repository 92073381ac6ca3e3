"""The metrics of predicting factors, or other codes, as their papers put them, by scikit-learn."""

from __future__ import annotations

from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from sklearn.base import ClassifierMixin

    from disbench.metrics.table import CodeTable

    Matrix = NDArray[np.float64]

N_TRAIN = 10_000
N_TEST = 5_000
N_TREES = 2
"""Of the 100 in an ensemble."""
N_LINES = 2
"""Dimensions of those whose support vector machines are fitted."""


def dci_by_boosting(table: CodeTable) -> float:
    """Disentanglement by `N_TREES` rounds of gradient-boosted trees a factor."""
    return _dci(table, partial(GradientBoostingClassifier, n_estimators=N_TREES))


def dci_by_forests(table: CodeTable) -> float:
    """Disentanglement by a random forest of `N_TREES` trees a factor."""
    return _dci(table, partial(RandomForestClassifier, n_estimators=N_TREES))


def sap(table: CodeTable) -> float:
    """The gap in accuracy of support vector machines, of the first `N_LINES` dimensions."""
    train, test = _drawn(table)
    accuracy = [
        [
            LinearSVC(C=0.01, class_weight="balanced").fit(code[:, None], labels).score(*unseen)
            for labels, unseen in zip(
                train.factors.T, [(other[:, None], f) for f in test.factors.T], strict=True
            )
        ]
        for code, other in zip(train.codes.T[:N_LINES], test.codes.T, strict=False)
    ]
    return float(np.mean(np.ptp(np.sort(accuracy, axis=0)[-2:], axis=0)))


def sap_by_correlation(table: CodeTable) -> float:
    """The gap in squared correlation, on all rows."""
    squared = [
        [np.corrcoef(code, factor)[0, 1] ** 2 for factor in table.factors.T]
        for code in table.codes.T
    ]
    return float(np.mean(np.ptp(np.sort(squared, axis=0)[-2:], axis=0)))


def explicitness(table: CodeTable) -> float:
    """The area under the ROC curves of logistic regression."""
    train, test = _drawn(table)
    scaler = StandardScaler().fit(train.codes)
    points, unseen = scaler.transform(train.codes), scaler.transform(test.codes)
    areas = []
    for labels, truth in zip(train.factors.T, test.factors.T, strict=True):
        model = LogisticRegression(max_iter=1_000).fit(points, labels)
        scores = model.predict_proba(unseen).T
        areas.append(np.mean([roc_auc_score(truth == c, s) for c, s in enumerate(scores)]))
    return float(np.mean(areas))


def udr_by_lasso(tables: Sequence[CodeTable]) -> float:
    """The agreement of the first model with the others by Lasso, where all dimensions count."""
    return _udr(tables, lambda one, other: np.abs(Lasso(alpha=0.1).fit(one, other).coef_.T))


def udr_by_rank(tables: Sequence[CodeTable]) -> float:
    """The same by rank correlation, a pair of columns after the other."""
    return _udr(
        tables,
        lambda one, other: np.abs([[spearmanr(a, b)[0] for b in other.T] for a in one.T]),
    )


def _udr(tables: Sequence[CodeTable], similarity: Callable[[Matrix, Matrix], Matrix]) -> float:
    rows = np.random.default_rng(0).integers(tables[0].n, size=N_TRAIN)
    codes = [StandardScaler().fit_transform(table.codes[rows]) for table in tables]
    pairs = permutations(range(len(codes)), 2)
    agreement = {(i, j): _strength(similarity(codes[i], codes[j])) for i, j in pairs}
    return float(np.median([value for (_, other), value in agreement.items() if other == 0]))


def _strength(matrix: Matrix) -> float:
    least = np.finfo(float).tiny  # of a row that Lasso has left without a weight
    by_axis = [
        (matrix.max(axis=axis) ** 2 / (matrix.sum(axis=axis) + least)).mean() for axis in (0, 1)
    ]
    return float(np.mean(by_axis))


def _dci(table: CodeTable, ensemble: Callable[[], ClassifierMixin]) -> float:
    train, test = _drawn(table)
    columns = []
    for labels, truth in zip(train.factors.T, test.factors.T, strict=True):
        model = ensemble().fit(train.codes, labels)
        model.score(test.codes, truth)
        columns.append(model.feature_importances_)
    importance = np.stack(columns, axis=1)
    shares = importance / importance.sum(axis=1, keepdims=True)
    logs = np.log(np.where(shares > 0, shares, 1))
    concentrated = 1 + (shares * logs).sum(axis=1) / np.log(table.n_factors)
    return float(np.average(concentrated, weights=importance.sum(axis=1)))


def _drawn(table: CodeTable) -> tuple[CodeTable, CodeTable]:
    rng = np.random.default_rng(0)
    return table.sample(N_TRAIN, rng=rng), table.sample(N_TEST, rng=rng)
