"""scikit-learn's classifiers with every argument stated, whatever its defaults become.

Arguments that a newer scikit-learn has deprecated are left out there: what they stated is then the
only behaviour that remains.
"""

import warnings
from dataclasses import dataclass
from inspect import signature
from typing import Any, Protocol

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

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


@dataclass(frozen=True)
class LinearSupport:
    """One-against-rest linear support vector machines, squared hinge loss, classes balanced.

    `inverse_penalty` is scikit-learn's C. The primal problem is solved, without randomness.
    """

    inverse_penalty: float
    max_iterations: int

    def predictions(
        self, points: FloatArray, labels: IntArray, unseen: FloatArray, *, seed: int
    ) -> IntArray:
        """Return the labels of `unseen` points after learning those of `points`."""
        classifier = LinearSVC(
            penalty="l2",
            loss="squared_hinge",
            dual=False,
            tol=1e-4,
            C=self.inverse_penalty,
            multi_class="ovr",
            fit_intercept=True,
            intercept_scaling=1,
            class_weight="balanced",
            verbose=0,
            random_state=seed,
            max_iter=self.max_iterations,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            classifier.fit(points, two_values(labels))
        predicted: IntArray = classifier.predict(unseen)
        return predicted


@dataclass(frozen=True)
class GradientBoosting:
    """Gradient-boosted trees: `n_trees` rounds of trees of `depth`, one tree a class and round."""

    n_trees: int
    depth: int
    rate: float

    def fit(self, points: FloatArray, labels: IntArray, *, seed: int) -> GradientBoostingClassifier:
        """Return the ensemble fitted to (n, d) points with (n,) labels of two values or more."""
        ensemble = GradientBoostingClassifier(
            **_friedman_criterion(),
            loss="log_loss",
            learning_rate=self.rate,
            n_estimators=self.n_trees,
            subsample=1.0,
            min_samples_split=2,
            min_samples_leaf=1,
            min_weight_fraction_leaf=0.0,
            max_depth=self.depth,
            min_impurity_decrease=0.0,
            init=None,
            random_state=seed,
            max_features=None,
            verbose=0,
            max_leaf_nodes=None,
            warm_start=False,
            validation_fraction=0.1,
            n_iter_no_change=None,
            tol=1e-4,
            ccp_alpha=0.0,
        )
        return ensemble.fit(points, two_values(labels))


@dataclass(frozen=True)
class Forest:
    """A random forest: `n_trees` unpruned trees on bootstrap samples, each split of sqrt(d)."""

    n_trees: int

    def fit(self, points: FloatArray, labels: IntArray, *, seed: int) -> RandomForestClassifier:
        """Return the forest fitted to (n, d) points with (n,) labels of two values or more."""
        forest = RandomForestClassifier(
            n_estimators=self.n_trees,
            criterion="gini",
            max_depth=None,
            min_samples_split=2,
            min_samples_leaf=1,
            min_weight_fraction_leaf=0.0,
            max_features="sqrt",
            max_leaf_nodes=None,
            min_impurity_decrease=0.0,
            bootstrap=True,
            oob_score=False,
            n_jobs=1,
            random_state=seed,
            verbose=0,
            warm_start=False,
            class_weight=None,
            ccp_alpha=0.0,
            max_samples=None,
            monotonic_cst=None,
        )
        return forest.fit(points, two_values(labels))


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


def _friedman_criterion() -> dict[str, Any]:
    """Return the split criterion, which scikit-learn 1.9 leaves no choice of."""
    criterion = signature(GradientBoostingClassifier).parameters.get("criterion")
    chosen = criterion and criterion.default == "friedman_mse"
    return {"criterion": "friedman_mse"} if chosen else {}
