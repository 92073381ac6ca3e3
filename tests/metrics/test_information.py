"""Information by counting agrees with hand-made values and an independent implementation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mutual_info_score

from disbench.metrics.arrays import IntArray
from disbench.metrics.information import (
    contingency,
    entropies,
    entropy,
    equal_width_bins,
    mutual_information,
    mutual_information_matrix,
)

LABELS = arrays(np.int64, 60, elements=st.integers(0, 4))


def test_entropy_of_uniform_labels_is_the_log_of_their_number() -> None:
    assert entropy(np.arange(40).repeat(7)) == pytest.approx(np.log(40))


def test_entropy_of_one_value_is_zero() -> None:
    assert entropy(np.full(9, 3)) == 0


def test_entropies_are_those_of_the_columns() -> None:
    labels = np.array([[0, 0], [0, 1], [1, 2], [1, 3]])
    np.testing.assert_allclose(entropies(labels), [np.log(2), np.log(4)])


def test_bins_contain_their_lower_edge_and_the_last_one_the_maximum() -> None:
    values = np.array([0.0, 0.9, 1.0, 1.9, 2.0, 3.9, 4.0])
    np.testing.assert_array_equal(equal_width_bins(values, 4), [0, 0, 1, 1, 2, 3, 3])


def test_constant_values_share_a_bin() -> None:
    np.testing.assert_array_equal(equal_width_bins(np.full(3, 0.1), 20), [0, 0, 0])


def test_bins_agree_with_numpy_away_from_edges(rng: np.random.Generator) -> None:
    values = rng.normal(size=10_000)
    edges = np.histogram_bin_edges(values, 20)
    np.testing.assert_array_equal(
        equal_width_bins(values, 20), np.clip(np.digitize(values, edges) - 1, 0, 19)
    )


def test_single_precision_is_binned_in_double() -> None:
    """In float32 the width of this range would swallow the small steps."""
    values = np.array([-3e7, 0, 1, 2, 3e7], dtype=np.float32)
    bins = equal_width_bins(values, 60_000_000)
    np.testing.assert_array_equal(np.diff(bins[1:4]), [1, 1])


def test_contingency_counts_pairs() -> None:
    counts = contingency(np.array([0, 0, 1, 0]), np.array([2, 2, 0, 1]), 2, 3)
    np.testing.assert_array_equal(counts, [[0, 1, 2], [1, 0, 0]])


def test_information_of_a_function_is_its_entropy() -> None:
    """Four values halved: log 2 of the log 4 nats remain."""
    assert mutual_information(np.array([[5, 5, 0, 0], [0, 0, 5, 5]])) == pytest.approx(np.log(2))


def test_independent_sides_share_nothing() -> None:
    assert mutual_information(np.outer([1, 2, 3], [4, 5])) == pytest.approx(0, abs=1e-15)


@given(LABELS, LABELS)
def test_information_agrees_with_scikit_learn(first: IntArray, second: IntArray) -> None:
    ours = mutual_information(contingency(first, second, 5, 5))
    assert ours == pytest.approx(mutual_info_score(first, second), abs=1e-12)


@given(LABELS, LABELS)
def test_information_is_symmetric_and_at_most_either_entropy(
    first: IntArray, second: IntArray
) -> None:
    ours = mutual_information(contingency(first, second, 5, 5))
    assert ours == pytest.approx(mutual_information(contingency(second, first, 5, 5)), abs=1e-12)
    assert 0 <= ours <= min(entropy(first), entropy(second)) + 1e-12


def test_the_matrix_has_dimensions_as_rows_and_factors_as_columns(
    rng: np.random.Generator,
) -> None:
    codes = rng.integers(4, size=(500, 3))
    factors = np.stack([codes[:, 2], rng.integers(6, size=500)], axis=1)
    matrix = mutual_information_matrix(codes, factors, 4, (4, 6))
    assert matrix.shape == (3, 2)
    assert matrix[2, 0] == pytest.approx(entropy(codes[:, 2]))
    assert matrix[0, 1] == pytest.approx(mutual_info_score(codes[:, 0], factors[:, 1]))
