"""scikit-learn's logistic regression with every argument stated, whatever its defaults become.

Arguments that a newer scikit-learn has deprecated are left out there: what they stated is then the
only behaviour that remains.
"""

import warnings
from dataclasses import dataclass
from inspect import signature
from typing import Any, Protocol

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from disbench.metrics.arrays import FloatArray, IntArray
from disbench.metrics.checking import CodesError


def estimator_seed(rng: np.random.Generator) -> int:
    """Return a seed for one estimator, in the range that scikit-learn takes."""
    return int(rng.integers(2**31))


class Classifier(Protocol):
    """What learns labels from points."""

    def predictions(
        self, points: FloatArray, labels: IntArray, unseen: FloatArray, *, seed: int
    ) -> IntArray:
        """Return the labels of `unseen` points after learning those of `points`."""


@dataclass(frozen=True)
class Logistic:
    """Multinomial logistic regression by L-BFGS, with tolerance 1e-4.

    `inverse_penalty` weighs the summed loss against the L2 norm of the weights: scikit-learn's C,
    infinite for no penalty. `balanced` weighs each class by the inverse of its frequency. A fit
    that has not converged after `max_iterations` is used as it is: the limit is a part of the
    definition.
    """

    inverse_penalty: float
    balanced: bool
    max_iterations: int

    def fit(self, points: FloatArray, labels: IntArray, *, seed: int) -> LogisticRegression:
        """Return the classifier fitted to (n, d) points with (n,) labels.

        Raises
        ------
        CodesError
            For labels of one value.
        """
        classifier = LogisticRegression(
            **_l2_penalty(),
            C=self.inverse_penalty,
            tol=1e-4,
            max_iter=self.max_iterations,
            class_weight="balanced" if self.balanced else None,
            solver="lbfgs",
            dual=False,
            fit_intercept=True,
            intercept_scaling=1,
            random_state=seed,
            verbose=0,
            warm_start=False,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return classifier.fit(points, two_values(labels))

    def predictions(
        self, points: FloatArray, labels: IntArray, unseen: FloatArray, *, seed: int
    ) -> IntArray:
        """Return the labels of `unseen` points after learning those of `points`."""
        predicted: IntArray = self.fit(points, labels, seed=seed).predict(unseen)
        return predicted


def two_values(labels: IntArray) -> IntArray:
    """Return the labels, once they are known to have two values: a classifier needs a choice.

    Raises
    ------
    CodesError
        For labels of one value.
    """
    if labels.min() == labels.max():
        raise CodesError(
            f"all {len(labels):,} rows drawn share one value of a factor; leave out factors that "
            "hardly ever vary"
        )
    return labels


def _l2_penalty() -> dict[str, Any]:
    """Return the arguments that say L2: `l1_ratio` has replaced `penalty` in scikit-learn 1.8."""
    penalty = signature(LogisticRegression).parameters.get("penalty")
    return {"penalty": "l2"} if penalty and penalty.default == "l2" else {"l1_ratio": 0.0}
