"""Machines of one input are those of scikit-learn's general solver, taken to its end."""

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from disbench.metrics.checking import CodesError
from disbench.metrics.line_svm import LineSupport, _minimise, _PrefixSums


@pytest.mark.parametrize("n_classes", [2, 3, 6, 40])
@pytest.mark.parametrize("slope", [0.02, 1.0, -5.0])
@pytest.mark.parametrize("inverse_penalty", [0.01, 1.0])
def test_predictions_agree_with_scikit_learn(
    rng: np.random.Generator, n_classes: int, slope: float, inverse_penalty: float
) -> None:
    labels = rng.integers(n_classes, size=900)
    points = slope * (labels - n_classes / 2) + rng.normal(size=900)
    general = LinearSVC(
        C=inverse_penalty, class_weight="balanced", dual=False, tol=1e-10, max_iter=100_000
    )
    expected = general.fit(points[:600, None], labels[:600]).predict(points[600:, None])
    ours = LineSupport(inverse_penalty).predictions(points[:600], labels[:600], points[600:])
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("inverse_penalty", [0.01, 1.0, 100.0])
def test_two_opposite_points_have_a_slope_by_hand(inverse_penalty: float) -> None:
    """The least of w^2 / 2 + 2 C (1 - w)^2 is at 4 C / (1 + 4 C), and symmetry leaves b = 0."""
    sums = _PrefixSums.of(np.array([-1.0, 1.0]), np.array([0, 1]))
    weight = np.full(2, inverse_penalty)
    slope = 4 * inverse_penalty / (1 + 4 * inverse_penalty)
    expected = [[-slope, 0], [slope, 0]]
    np.testing.assert_allclose(_minimise(sums, weight, weight), expected, atol=1e-12)


def test_no_machine_nearby_is_better(rng: np.random.Generator) -> None:
    """The objective, read out loud."""
    labels = rng.integers(3, size=200)
    points = labels + rng.normal(size=200)
    own, others = np.array([0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3])
    machines = _minimise(_PrefixSums.of(points, labels), own, others)

    def objective(machine: np.ndarray, label: int) -> float:
        side = np.where(labels == label, 1, -1)
        weight = np.where(labels == label, own[label], others[label])
        hinge = np.maximum(0, 1 - side * (machine[0] * points + machine[1]))
        return float((machine**2).sum() / 2 + (weight * hinge**2).sum())

    for label, machine in enumerate(machines):
        nearby = machine + rng.normal(0, 1e-3, size=(50, 2))
        assert objective(machine, label) < min(objective(other, label) for other in nearby)


def test_labels_keep_their_own_names(rng: np.random.Generator) -> None:
    labels = np.array([3, 7]).repeat(20)
    points = labels + rng.normal(0, 0.1, size=40)
    np.testing.assert_array_equal(LineSupport(1.0).predictions(points, labels, points), labels)


def test_constant_points_name_one_class(rng: np.random.Generator) -> None:
    labels = rng.integers(5, size=100)
    named = LineSupport(0.01).predictions(np.zeros(100), labels, np.zeros(10))
    assert len(np.unique(named)) == 1


def test_one_class_is_refused() -> None:
    with pytest.raises(CodesError, match="share one value"):
        LineSupport(0.01).predictions(np.arange(3.0), np.zeros(3, dtype=int), np.arange(3.0))
