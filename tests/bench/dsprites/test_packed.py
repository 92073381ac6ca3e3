"""Unpacking chosen images."""

from __future__ import annotations

import numpy as np
import pytest

from disbench.dsprites import FULL, PackedImages
from disbench.errors import DataError


@pytest.fixture
def three() -> PackedImages:
    rng = np.random.default_rng(0)
    return PackedImages(rng.integers(256, size=(3, 512), dtype=np.uint8), "0" * 64, "noise")


def test_unpacking_undoes_packing(three: PackedImages) -> None:
    unpacked = three.unpack([2, 0, 2])
    assert unpacked.shape == (3, 64, 64)
    assert unpacked.max() == 1
    np.testing.assert_array_equal(
        np.packbits(unpacked.reshape(3, -1), axis=1), three.packed[[2, 0, 2]]
    )


def test_no_rows_are_fine(three: PackedImages) -> None:
    assert three.unpack([]).shape == (0, 64, 64)


@pytest.mark.parametrize("row", [-1, 3])
def test_rows_out_of_range_are_refused(three: PackedImages, row: int) -> None:
    with pytest.raises(DataError, match=f"row {row} at position 1 is not one of 0 to 2"):
        three.unpack([0, row])


def test_whole_set_says_what_it_is(whole: PackedImages) -> None:
    assert len(whole) == FULL.n
    assert whole.source == "rendered"
    assert not whole.packed.flags.writeable
