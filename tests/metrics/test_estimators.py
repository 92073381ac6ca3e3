"""Logistic regression states every argument, stops quietly, and refuses a single class."""

from inspect import signature
from typing import NoReturn

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from disbench.metrics import estimators
from disbench.metrics.checking import CodesError
from disbench.metrics.estimators import Logistic, estimator_seed, two_values

# scikit-learn has taken the meaning from these, or says it with one in place of the other.
WITHOUT_MEANING = {"multi_class", "n_jobs", "penalty", "l1_ratio"}
LOGISTIC = Logistic(inverse_penalty=1.0, balanced=False, max_iterations=100)


@pytest.fixture
def separable(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    points = rng.normal(size=(300, 2))
    return points, (points[:, 0] > 0).astype(int)


class _Stated(Exception):  # noqa: N818 - no error: it carries the arguments out
    pass


def test_every_argument_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A default that scikit-learn adds or changes must not change a score unseen."""

    def recorder(**arguments: object) -> NoReturn:
        raise _Stated(arguments)

    known = set(signature(LogisticRegression).parameters)
    monkeypatch.setattr(estimators, "LogisticRegression", recorder)
    monkeypatch.setattr(estimators, "_l2_penalty", dict)
    with pytest.raises(_Stated) as stated:
        LOGISTIC.fit(np.zeros((2, 1)), np.array([0, 1]), seed=0)
    assert known - set(stated.value.args[0]) <= WITHOUT_MEANING


def test_it_learns_what_a_line_separates(separable: tuple[np.ndarray, np.ndarray]) -> None:
    points, labels = separable
    predicted = LOGISTIC.predictions(points[:200], labels[:200], points[200:], seed=0)
    assert np.mean(predicted == labels[200:]) > 0.95


def test_a_fit_that_stops_at_its_limit_is_used_quietly(
    separable: tuple[np.ndarray, np.ndarray],
) -> None:
    """The limit is a part of the protocol, and warnings are errors in this suite."""
    points, labels = separable
    classifier = Logistic(inverse_penalty=float("inf"), balanced=True, max_iterations=1)
    assert classifier.predictions(points, labels, points, seed=0).shape == labels.shape


def test_one_class_is_refused() -> None:
    with pytest.raises(CodesError, match="all 3 rows drawn share one value"):
        two_values(np.array([2, 2, 2]))


def test_seeds_come_from_the_generator() -> None:
    first, second = (estimator_seed(np.random.default_rng(3)) for _ in range(2))
    assert first == second
    assert 0 <= first < 2**31
