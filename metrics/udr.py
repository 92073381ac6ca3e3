"""Unsupervised disentanglement ranking: models of one setting agree where they disentangle."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.stats import rankdata
from sklearn.linear_model import Lasso

from disbench.metrics.arrays import FloatArray, ratio, standardised
from disbench.metrics.posterior import mean_kl
from disbench.metrics.protocol import GroupProtocol, Score
from disbench.metrics.table import CodeTable


def udr(
    tables: Sequence[CodeTable],
    *,
    rng: np.random.Generator,
    n_points: int,
    similarity: str,
    least_kl: float,
) -> tuple[Score, ...]:
    """Return how well each model agrees with the others, dimension by dimension.

    On `n_points` drawn rows, the same for all models, two models' standardised codes have a matrix
    of similarities R, restricted to dimensions whose mean divergence from the prior exceeds
    `least_kl` nats. Their agreement is the mean over rows and columns of largest^2 / sum, and a
    model's score the median of its agreements. Between 0 and 1, for all that a Lasso coefficient
    may pass 1 a little. A model without such dimensions agrees with none: 0.

    Detail: 'agreement' (models - 1,) with the others, in their order.

    Source: Duan et al. 2020, section 4; the reference implementation for the arguments.
    """
    rows = tables[0].sample_rows(n_points, rng=rng)
    codes = [standardised(table.codes[rows], table.codes[rows]) for table in tables]
    kept = [mean_kl(table) > least_kl for table in tables]
    agreement = np.zeros((len(tables), len(tables)))
    for i, j in np.ndindex(agreement.shape):
        if i != j:
            matrix = SIMILARITIES[similarity](codes[i], codes[j])
            agreement[i, j] = relative_strength(matrix[np.ix_(kept[i], kept[j])])
    partners = [np.delete(agreement[:, j], j) for j in range(len(tables))]
    return tuple(Score(float(np.median(own)), n_points, {"agreement": own}) for own in partners)


def relative_strength(matrix: FloatArray) -> float:
    """Return the mean over rows and over columns of largest^2 / sum: 1 for a permutation matrix.

    A row or column of zeros counts 0, and so does a matrix without entries.
    """
    if 0 in matrix.shape:
        return 0.0
    by_axis = [ratio(matrix.max(axis=axis) ** 2, matrix.sum(axis=axis)).mean() for axis in (0, 1)]
    return float(np.mean(by_axis))


def _lasso(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the absolute weights of the first model's dimensions in predicting the second's."""
    model = Lasso(
        alpha=0.1,
        fit_intercept=True,
        precompute=False,
        copy_X=True,
        max_iter=1_000,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,  # cyclic coordinate descent has no randomness
        selection="cyclic",
    )
    weights: FloatArray = np.abs(np.atleast_2d(model.fit(first, second).coef_)).T
    return weights


def _spearman(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the absolute rank correlations of the first model's dimensions with the second's."""
    ranks = [rankdata(codes, axis=0) for codes in (first, second)]
    one, other = (standardised(rank, rank) for rank in ranks)
    correlation: FloatArray = np.abs(one.T @ other) / len(first)
    return correlation


SIMILARITIES: Mapping[str, Callable[[FloatArray, FloatArray], FloatArray]] = MappingProxyType(
    {"lasso": _lasso, "spearman": _spearman}
)
"""Name -> function of two models' standardised codes, (n, d) and (n, e) -> (d, e), at least 0."""

_DUAN = "Duan et al., Unsupervised model selection for disentangled representations, ICLR 2020"

GROUP_PROTOCOLS = (
    GroupProtocol(
        name="udr/duan2020",
        version=1,
        title="agreement with the other models of the same setting, by Lasso",
        citation=_DUAN,
        compute=udr,
        arguments={"n_points": 10_000, "similarity": "lasso", "least_kl": 0.01},
        min_rows=10_000,
        uses_factors=False,
        uses_log_variance=True,
        representations=("mean",),
    ),
    GroupProtocol(
        name="udr/spearman",
        version=1,
        title="the same by rank correlation",
        citation=_DUAN,
        compute=udr,
        arguments={"n_points": 10_000, "similarity": "spearman", "least_kl": 0.01},
        min_rows=10_000,
        uses_factors=False,
        uses_log_variance=True,
        representations=("mean",),
    ),
)
