"""Continuous factors made discrete."""

import numpy as np
import pytest

from disbench.discrete import MOST_VALUES, N_BINS, discretised


def test_a_continuous_factor_is_cut_into_bins_of_equal_counts() -> None:
    values = np.random.default_rng(0).exponential(size=(1000, 1))
    labels, binned = discretised(values, ["age"])
    assert binned == ("age",)
    assert np.bincount(labels[:, 0]).tolist() == [1000 // N_BINS] * N_BINS


def test_bins_keep_the_order_of_the_values() -> None:
    values = np.random.default_rng(0).normal(size=(500, 1))
    labels, _ = discretised(values, ["age"])
    assert (np.diff(labels[np.argsort(values[:, 0]), 0]) >= 0).all()


@pytest.mark.parametrize(
    "column",
    [
        np.arange(500.0),  # whole numbers, however many
        np.linspace(0, 1, MOST_VALUES),  # few values
        np.array(["a", "b"] * 100, dtype=object),
    ],
)
def test_a_discrete_factor_keeps_its_values(column: np.ndarray) -> None:
    factors, binned = discretised(column[:, None], ["kind"])
    assert binned == ()
    assert (factors[:, 0] == column).all()


def test_only_the_continuous_ones_of_several_factors_are_cut() -> None:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(3, size=400), rng.uniform(size=400)], axis=1)
    labels, binned = discretised(factors, ["shape", "size"])
    assert binned == ("size",)
    assert (labels[:, 0] == factors[:, 0]).all()
    assert set(labels[:, 1]) == set(range(N_BINS))


def test_a_factor_with_a_missing_value_is_left_for_the_check_that_names_its_place() -> None:
    column = np.append(np.random.default_rng(0).normal(size=300), np.nan)
    factors, binned = discretised(column[:, None], ["age"])
    assert binned == ()
    assert np.isnan(factors[-1, 0])
