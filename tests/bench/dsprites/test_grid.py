"""Factors, labels, indices and rows of the grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disbench.dsprites import COARSE, FULL, GRIDS, FactorGrid
from disbench.errors import DataError

grids = pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)


def test_full_grid_is_the_whole_set() -> None:
    assert FULL.n == 737_280
    assert FULL.n_factors == 5
    assert FULL.sizes == (3, 6, 40, 32, 32)
    assert FULL.factor_names == ("shape", "scale", "orientation", "posX", "posY")


def test_coarse_grid_keeps_every_second_position_and_fourth_orientation() -> None:
    assert COARSE.n == 46_080
    kept = [np.unique(column).tolist() for column in COARSE.factors().T]
    assert kept[0] == [0, 1, 2]
    assert kept[1] == [0, 1, 2, 3, 4, 5]
    assert kept[2] == list(range(0, 40, 4))
    assert kept[3] == kept[4] == list(range(0, 32, 2))


def test_tiny_grid_has_1440_images() -> None:
    assert GRIDS["tiny"].n == len(GRIDS["tiny"].factors()) == 1_440


@grids
def test_labels_count_every_value_of_the_grid_in_the_official_order(grid: FactorGrid) -> None:
    labels = grid.labels()
    assert labels.shape == (grid.n, 5)
    assert labels.dtype == np.int64
    expected = np.indices(grid.sizes).reshape(5, -1).T
    np.testing.assert_array_equal(labels, expected)


@grids
def test_rows_are_those_of_the_same_factors_in_the_whole_set(grid: FactorGrid) -> None:
    np.testing.assert_array_equal(FULL.factors_of(grid.rows()), grid.factors())


@grids
def test_index_and_factors_are_inverse(grid: FactorGrid) -> None:
    index = np.arange(grid.n)
    np.testing.assert_array_equal(grid.index_of(grid.factors_of(index)), index)


@given(st.integers(0, FULL.n - 1))
def test_row_is_the_official_mixed_radix_number(row: int) -> None:
    shape, scale, orientation, pos_x, pos_y = FULL.factors_of([row])[0].tolist()
    assert row == (((shape * 6 + scale) * 40 + orientation) * 32 + pos_x) * 32 + pos_y


def test_values_are_those_of_the_official_file() -> None:
    first, last = FULL.values_of([[0, 0, 0, 0, 0], [2, 5, 39, 31, 31]])
    np.testing.assert_array_equal(first, [1, 0.5, 0, 0, 0])
    np.testing.assert_array_equal(last, [3, 1, 2 * np.pi, 1, 1])


def test_values_follow_the_factors() -> None:
    grid = GRIDS["tiny"]
    np.testing.assert_array_equal(grid.values(), grid.values_of(grid.factors()))


def test_no_images_are_fine() -> None:
    assert FULL.factors_of([]).shape == (0, 5)
    assert FULL.index_of(np.empty((0, 5), np.int64)).shape == (0,)
    assert FULL.values_of(np.empty((0, 5), np.int64)).shape == (0, 5)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ([[0, 0, 0, 0, 0], [0, 6, 0, 0, 0]], "scale 6 in row 1 .* from 0 to 5"),
        ([[3, 0, 0, 0, 0]], "shape 3 in row 0 .* from 0 to 2"),
        ([[0, 0, 40, 0, 0]], "orientation 40 in row 0 .* from 0 to 39"),
        ([[0, 0, 0, 32, 0]], "posX 32 in row 0 .* from 0 to 31"),
        ([[0, 0, 0, 0, -1]], "posY -1 in row 0 .* from 0 to 31"),
        ([[0, 0, 0, 0]], r"have shape \(1, 4\)"),
        ([0, 0, 0, 0, 0], r"have shape \(5,\)"),
        ([[0.0, 0.0, 0.0, 0.0, 0.0]], "must be integers; these are float64"),
        ([[True] * 5], "must be integers; these are bool"),
    ],
)
def test_wrong_factor_indices_are_refused_by_name(factors: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        FULL.index_of(factors)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ([0, 46_080], "row 46080 at position 1 is not one of 0 to 46079"),
        ([-1], "row -1 at position 0"),
        ([[0]], r"must have shape \(images,\); these have \(1, 1\)"),
        ([0.5], "must be integers; these are float64"),
    ],
)
def test_wrong_index_is_refused_by_name(index: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        COARSE.factors_of(index)  # type: ignore[arg-type]


def test_factors_that_a_grid_leaves_out_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="orientation 6 in row 1 is not in the coarse grid"):
        COARSE.index_of([[0, 0, 4, 0, 0], [0, 0, 6, 0, 0]])
