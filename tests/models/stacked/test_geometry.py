"""A geometry says how the sides of a layer hang together, and which layers the sums know."""

from __future__ import annotations

import pytest
import torch

from disbench.models.stacked.geometry import DENSE, Geometry


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(4, 2, 1), (2, 2, 0), (1, 1, 0), (8, 4, 2), (4, 4, 0)]
)
def test_places_that_touch_or_overlap_by_one_are_known(
    kernel: int, stride: int, padding: int
) -> None:
    assert Geometry(kernel, stride, padding).is_known


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(4, 2, 0), (4, 1, 1), (3, 1, 1), (7, 1, 3), (2, 4, 0)]
)
def test_others_are_not(kernel: int, stride: int, padding: int) -> None:
    """Their small side is not the large one by the stride, or places overlap by more."""
    assert not Geometry(kernel, stride, padding).is_known


def test_either_side_tells_the_shape_of_the_other() -> None:
    geometry = Geometry(kernel=4, stride=2, padding=1)
    assert geometry.large_shape(torch.empty(3, 5, 4, 6, 7), n_large=2) == (3, 5, 8, 12, 2)
    assert geometry.small_shape(torch.empty(3, 5, 8, 12, 2), n_small=7) == (3, 5, 4, 6, 7)
    assert DENSE.large_shape(torch.empty(3, 5, 1, 1, 7), n_large=2) == (3, 5, 1, 1, 2)
