"""Tree ensembles state every argument, and weigh the dimension that matters."""

from inspect import signature
from typing import NoReturn

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from disbench.metrics import trees
from disbench.metrics.checking import CodesError
from disbench.metrics.trees import Forest, GradientBoosting

ENSEMBLES = [GradientBoosting(n_trees=3, depth=2, rate=0.5), Forest(n_trees=3)]


class _Stated(Exception):  # noqa: N818 - no error: it carries the arguments out
    pass


@pytest.mark.parametrize(
    ("estimator", "ensemble"),
    [(GradientBoostingClassifier, ENSEMBLES[0]), (RandomForestClassifier, ENSEMBLES[1])],
)
def test_every_argument_is_stated(
    estimator: type, ensemble: GradientBoosting | Forest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A default that scikit-learn adds or changes must not change a score unseen."""

    def recorder(**arguments: object) -> NoReturn:
        raise _Stated(arguments)

    known = set(signature(estimator).parameters)
    monkeypatch.setattr(trees, estimator.__name__, recorder)
    monkeypatch.setattr(trees, "_friedman_criterion", lambda: {"criterion": "friedman_mse"})
    with pytest.raises(_Stated) as stated:
        ensemble.fit(np.zeros((2, 1)), np.array([0, 1]), seed=0)
    assert set(stated.value.args[0]) == known


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_the_dimension_that_matters_is_found(
    ensemble: GradientBoosting | Forest, rng: np.random.Generator
) -> None:
    points = rng.normal(size=(300, 2))
    importance = ensemble.fit(points, points[:, 0] > 0, seed=0).feature_importances_
    assert importance[0] > 0.8


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_one_class_is_refused(ensemble: GradientBoosting | Forest) -> None:
    with pytest.raises(CodesError, match="share one value"):
        ensemble.fit(np.zeros((3, 1)), np.zeros(3, dtype=int), seed=0)
