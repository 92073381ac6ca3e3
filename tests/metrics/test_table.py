"""Draws from a table follow the papers' draws on a grid, and the data elsewhere."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import chisquare

from disbench.metrics.table import CodesError, CodeTable


@pytest.fixture
def ragged() -> CodeTable:
    """Ten rows whose first factor has groups of 1, 2, 3 and 4 rows, in no order."""
    factors = np.array([3, 1, 2, 3, 0, 2, 3, 1, 2, 3])[:, None]
    return CodeTable(np.arange(10.0)[:, None], np.hstack([factors, factors % 2]), ("a", "b"))


def test_checked_input_has_the_sizes_of_its_arrays() -> None:
    table = CodeTable.checked(np.zeros((4, 3)), [[0, 5], [0, 6], [1, 7], [1, 7]])
    assert (table.n, table.n_codes, table.n_factors, table.n_values) == (4, 3, 2, (2, 3))
    assert table.factor_names == ("factor_0", "factor_1")


def test_different_lengths_are_refused_with_both() -> None:
    with pytest.raises(CodesError, match="codes have 3 rows and factors 4"):
        CodeTable.checked(np.zeros((3, 2)), [[0], [0], [1], [1]])


def test_a_log_variance_of_another_shape_is_refused() -> None:
    with pytest.raises(CodesError, match=r"shape \(4, 1\); pass the shape of the codes, \(4, 2\)"):
        CodeTable.checked(np.zeros((4, 2)), [[0], [0], [1], [1]], log_variance=np.zeros((4, 1)))


def test_factors_of_rank_one_are_refused() -> None:
    with pytest.raises(CodesError, match="factors have shape"):
        CodeTable.checked(np.zeros((4, 2)), [0, 0, 1, 1])


def test_partners_share_the_value(ragged: CodeTable, rng: np.random.Generator) -> None:
    rows = ragged.sample_rows(1_000, rng=rng)
    for factor in range(ragged.n_factors):
        partners = ragged.partners(rows, factor, rng=rng)
        np.testing.assert_array_equal(
            ragged.factors[partners, factor], ragged.factors[rows, factor]
        )


def test_partners_are_uniform_within_their_group(
    ragged: CodeTable, rng: np.random.Generator
) -> None:
    partners = ragged.partners(np.zeros(40_000, dtype=int), 0, rng=rng)
    counts = np.bincount(partners, minlength=10)
    assert counts.sum() == counts[[0, 3, 6, 9]].sum()
    assert chisquare(counts[[0, 3, 6, 9]]).pvalue > 1e-3


def test_a_row_alone_in_its_group_is_its_own_partner(
    ragged: CodeTable, rng: np.random.Generator
) -> None:
    assert ragged.partners(np.array([4]), 0, rng=rng) == [4]


def test_draws_keep_the_shape_of_their_rows(ragged: CodeTable, rng: np.random.Generator) -> None:
    rows = ragged.sample_rows(12, rng=rng).reshape(3, 4)
    assert ragged.partners(rows, 0, rng=rng).shape == (3, 4)


def test_rows_are_drawn_uniformly(ragged: CodeTable, rng: np.random.Generator) -> None:
    counts = np.bincount(ragged.sample_rows(40_000, rng=rng), minlength=10)
    assert chisquare(counts).pvalue > 1e-3


def test_on_a_grid_the_other_factors_of_partners_are_independent(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    """The papers draw every other factor anew."""
    table = coarse("factors")
    rows = table.sample_rows(100_000, rng=rng)
    partners = table.partners(rows, 0, rng=rng)
    pairs = table.factors[rows, 1] * 6 + table.factors[partners, 1]
    assert chisquare(np.bincount(pairs, minlength=36)).pvalue > 1e-3


def test_taken_rows_keep_codes_factors_and_log_variance_together(ragged: CodeTable) -> None:
    table = CodeTable(ragged.codes, ragged.factors, ragged.factor_names, -ragged.codes)
    taken = table.take(np.array([4, 0, 4]))
    np.testing.assert_array_equal(taken.codes, [[4], [0], [4]])
    np.testing.assert_array_equal(taken.factors[:, 0], [0, 3, 0])
    np.testing.assert_array_equal(taken.log_variance, [[-4], [0], [-4]])


def test_shuffling_keeps_the_factor_rows_whole(ragged: CodeTable, rng: np.random.Generator) -> None:
    shuffled = ragged.shuffled(rng=rng)
    np.testing.assert_array_equal(shuffled.factors[:, 0] % 2, shuffled.factors[:, 1])
    np.testing.assert_array_equal(shuffled.codes, ragged.codes)
    assert not np.array_equal(shuffled.factors, ragged.factors)


def test_a_factor_of_many_values_is_grouped_too(rng: np.random.Generator) -> None:
    """More values than 16 bits hold take another sort."""
    labels = np.repeat(np.arange(70_000), 2)
    table = CodeTable(np.zeros((140_000, 1)), labels[:, None], ("id",))
    partners = table.partners(np.arange(140_000), 0, rng=rng)
    np.testing.assert_array_equal(labels[partners], labels)
