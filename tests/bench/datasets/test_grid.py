"""Factors of any number and sizes span grids, the last factor fastest."""

from __future__ import annotations

import numpy as np
import pytest

from disbench.datasets.grid import grids_of
from disbench.dsprites import GRIDS
from disbench.errors import DataError

FACTORS = {"hue": 10, "pose": 2, "azimuth": 40}


def test_full_grid_counts_like_an_odometer() -> None:
    grid = grids_of({"a": 2, "b": 3})["full"]
    assert grid.labels().tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert grid.rows().tolist() == [0, 1, 2, 3, 4, 5]
    assert (grid.n, grid.n_factors, grid.factor_names) == (6, 2, ("a", "b"))


@pytest.mark.parametrize(
    ("name", "sizes", "stride"),
    [
        ("full", (10, 2, 40), (1, 1, 1)),
        ("coarse", (10, 2, 14), (1, 1, 3)),
        ("tiny", (5, 2, 6), (2, 1, 7)),
    ],
)
def test_smaller_grids_keep_at_most_sixteen_and_six_values(
    name: str, sizes: tuple[int, ...], stride: tuple[int, ...]
) -> None:
    grid = grids_of(FACTORS)[name]
    assert (grid.sizes, grid.stride) == (sizes, stride)


def test_rows_of_a_smaller_grid_are_those_of_its_factors_in_the_whole_set() -> None:
    grid = grids_of(FACTORS)["tiny"]
    by_hand = [
        80 * h + 40 * p + a for h in range(0, 10, 2) for p in range(2) for a in range(0, 40, 7)
    ]
    assert grid.rows().tolist() == by_hand
    assert np.array_equal(grid.index_of(grid.factors()), np.arange(grid.n))
    assert np.array_equal(grid.factors_of(range(grid.n)), grid.factors())


def test_value_that_a_grid_leaves_out_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="azimuth 8 in row 1 is not in the tiny grid"):
        grids_of(FACTORS)["tiny"].index_of([[0, 0, 7], [0, 0, 8]])
    with pytest.raises(DataError, match=r"pose 2 in row 0 is out of range: .* from 0 to 1"):
        grids_of(FACTORS)["full"].index_of([[0, 2, 0]])


def test_grids_of_equal_factors_are_equal_and_not_those_of_dsprites() -> None:
    """A ceiling is kept by the grid that it is for."""
    assert grids_of(FACTORS)["tiny"] == grids_of(dict(FACTORS))["tiny"]
    assert hash(grids_of(FACTORS)["tiny"]) == hash(grids_of(dict(FACTORS))["tiny"])
    tiny = GRIDS["tiny"]
    assert grids_of(dict(zip(tiny.factor_names, tiny.whole, strict=True)))["tiny"] != tiny
