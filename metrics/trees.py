"""scikit-learn's tree ensembles with every argument stated, whatever its defaults become."""

from dataclasses import dataclass
from inspect import signature
from typing import Any

from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from disbench.metrics.arrays import FloatArray, IntArray
from disbench.metrics.estimators import two_values


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


def _friedman_criterion() -> dict[str, Any]:
    """Return the split criterion, which scikit-learn 1.9 leaves no choice of."""
    criterion = signature(GradientBoostingClassifier).parameters.get("criterion")
    chosen = criterion and criterion.default == "friedman_mse"
    return {"criterion": "friedman_mse"} if chosen else {}
