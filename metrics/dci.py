"""Disentanglement, completeness, informativeness: how trees that predict factors use the codes."""

from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy.special import entr

from disbench.metrics.arrays import FloatArray, ratio
from disbench.metrics.estimators import estimator_seed
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable
from disbench.metrics.trees import Forest, GradientBoosting


def dci(
    table: CodeTable,
    *,
    rng: np.random.Generator,
    n_train: int,
    n_test: int,
    trees: GradientBoosting | Forest,
) -> Score:
    """Return how far each code dimension matters for one factor only: the D of DCI.

    One tree ensemble a factor is fitted to `n_train` drawn rows; R (d, k) holds its feature
    importances. Disentanglement is 1 - entropy of R's row in units of log k, averaged with the
    rows' masses; completeness is 1 - entropy of R's column in units of log d, averaged with the
    columns' masses; informativeness is the mean accuracy on `n_test` further rows. All lie between
    0 and 1. Codes of which no tree makes use score 0.

    Detail: 'importance' (d, k), 'disentanglement' (d,), 'completeness' (k,), 'accuracy' (k,), and
    as 0-d arrays the two other scores, 'completeness_score' and 'informativeness_score'.

    The factors are fitted in parallel where joblib.parallel_config says so; the bits are the same.

    Source: Eastwood and Williams 2018, section 2; points as in Locatello et al. 2019, appendix.
    """
    train, test = table.sample(n_train, rng=rng), table.sample(n_test, rng=rng)
    seeds = [estimator_seed(rng) for _ in range(table.n_factors)]
    fits = Parallel()(
        delayed(_fit)(trees, train, test, factor, seed) for factor, seed in enumerate(seeds)
    )
    importance = np.stack([fit.importance for fit in fits], axis=1)
    accuracy = np.array([fit.accuracy for fit in fits])
    disentanglement, completeness = concentration(importance), concentration(importance.T)
    detail = {
        "importance": importance,
        "disentanglement": disentanglement,
        "completeness": completeness,
        "accuracy": accuracy,
        "completeness_score": np.array(weighted(completeness, importance.sum(axis=0))),
        "informativeness_score": accuracy.mean(),
    }
    return Score(weighted(disentanglement, importance.sum(axis=1)), n_train, detail)


def concentration(importance: FloatArray) -> FloatArray:
    """Return 1 - entropy of each row's shares, in units of the log of their number: (m,).

    1 where a row has one positive entry, 0 where it is even. A row of zeros is taken as even, and
    a row of a single entry as concentrated.
    """
    n_shares = importance.shape[1]
    if n_shares == 1:
        return np.ones(len(importance))
    mass = importance.sum(axis=1, keepdims=True)
    shares = np.where(mass > 0, ratio(importance, mass), 1 / n_shares)
    concentrated: FloatArray = 1 - entr(shares).sum(axis=1) / np.log(n_shares)
    return concentrated


def weighted(scores: FloatArray, mass: FloatArray) -> float:
    """Return the mean of scores weighted by mass, and 0 where there is no mass."""
    return float(ratio(scores @ mass, mass.sum()))


class _Fit(NamedTuple):
    importance: FloatArray
    accuracy: float


def _fit(
    trees: GradientBoosting | Forest, train: CodeTable, test: CodeTable, factor: int, seed: int
) -> _Fit:
    model = trees.fit(train.codes, train.factors[:, factor], seed=seed)
    hits = model.predict(test.codes) == test.factors[:, factor]
    return _Fit(np.abs(model.feature_importances_), float(hits.mean()))


_EASTWOOD = "Eastwood and Williams, A framework for the quantitative evaluation, ICLR 2018"

PROTOCOLS = (
    Protocol(
        name="dci/gbt",
        version=1,
        title="disentanglement by the feature importances of gradient-boosted trees",
        citation=f"{_EASTWOOD}; Locatello et al., Challenging common assumptions, ICML 2019",
        compute=dci,
        arguments={
            "n_train": 10_000,
            "n_test": 5_000,
            "trees": GradientBoosting(n_trees=100, depth=3, rate=0.1),
        },
        cost="minutes",
        min_rows=15_000,
        min_factors=2,
    ),
    Protocol(
        name="dci/rf",
        version=1,
        title="disentanglement by the feature importances of a random forest",
        citation=f"{_EASTWOOD}; a forest in place of their tuned one",
        compute=dci,
        arguments={"n_train": 10_000, "n_test": 5_000, "trees": Forest(n_trees=100)},
        min_rows=15_000,
        min_factors=2,
    ),
)
