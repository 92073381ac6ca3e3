"""Nearest neighbours estimate information as scikit-learn's slower search does."""

import numpy as np
import pytest
from sklearn.feature_selection import mutual_info_classif

from disbench.metrics.neighbours import neighbour_information


@pytest.mark.parametrize("n_neighbours", [1, 3, 10])
@pytest.mark.parametrize("n_values", [2, 7])
def test_the_estimate_agrees_with_scikit_learn(
    rng: np.random.Generator, n_neighbours: int, n_values: int
) -> None:
    labels = rng.integers(n_values, size=600)
    values = rng.normal(size=600) + 1.5 * labels
    [expected] = mutual_info_classif(
        values[:, None],
        labels,
        discrete_features=False,
        n_neighbors=n_neighbours,
        random_state=0,
    )
    ours = neighbour_information(values, labels, n_neighbours=n_neighbours, rng=rng)
    assert expected > 0.1
    assert ours == pytest.approx(expected, abs=1e-6)


def test_the_factor_itself_tells_its_whole_entropy(rng: np.random.Generator) -> None:
    """Ties are broken, and neighbours are found among equals only."""
    labels = np.arange(4_000) % 8
    ours = neighbour_information(labels * 1.0, labels, n_neighbours=10, rng=rng)
    assert ours == pytest.approx(np.log(8), abs=0.01)


def test_a_constant_tells_nothing(rng: np.random.Generator) -> None:
    labels = np.arange(100) % 2
    assert neighbour_information(np.full(100, 0.1), labels, n_neighbours=3, rng=rng) == 0


def test_independent_noise_tells_next_to_nothing(rng: np.random.Generator) -> None:
    labels = rng.integers(3, size=5_000)
    ours = neighbour_information(rng.normal(size=5_000), labels, n_neighbours=10, rng=rng)
    assert 0 <= ours < 0.02


def test_values_whose_label_occurs_once_are_left_out(rng: np.random.Generator) -> None:
    values, labels = rng.normal(size=200), np.arange(200) % 2
    lonely = np.append(values, 0.0), np.append(labels, 5)
    with_it, without = (
        neighbour_information(*pair, n_neighbours=3, rng=np.random.default_rng(0))
        for pair in (lonely, (values, labels))
    )
    assert with_it == pytest.approx(without, abs=1e-6)


def test_labels_that_all_differ_leave_nothing_to_estimate(rng: np.random.Generator) -> None:
    assert neighbour_information(np.arange(5.0), np.arange(5), n_neighbours=3, rng=rng) == 0
