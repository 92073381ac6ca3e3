"""A file is compared with the renderer to the pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.dsprites import GRIDS, PackedImages, verify, write_official
from disbench.dsprites.verification import Difference, Verification

if TYPE_CHECKING:
    from pathlib import Path

TINY = GRIDS["tiny"]


@pytest.fixture
def differing(tmp_path: Path, whole: PackedImages) -> Path:
    """Write the tiny grid with one pixel of image 7 and three of image 1000 flipped."""
    packed = np.array(whole.packed)
    packed[TINY.rows()[7], 100] ^= 0b0001_0000
    packed[TINY.rows()[1000], [0, 511]] ^= np.array([0b1000_0001, 0b0000_0001], np.uint8)
    write_official(tmp_path / "file.npz", PackedImages(packed, "", ""), grid=TINY)
    return tmp_path / "file.npz"


def test_rendered_file_is_identical(tiny_file: Path) -> None:
    verification = verify(tiny_file, grid=TINY)
    assert verification == Verification(1440, 0, 0, ())
    assert verification.identical


def test_flipped_pixels_are_counted_and_named(differing: Path) -> None:
    verification = verify(differing, grid=TINY)
    assert not verification.identical
    assert verification == Verification(
        n_images=1440,
        n_differing_images=2,
        n_differing_pixels=4,
        first=(
            Difference(index=7, factors=(0, 0, 0, 8, 24), n_pixels=1),
            Difference(index=1000, factors=(2, 0, 16, 16, 0), n_pixels=3),
        ),
    )


def test_images_past_the_first_block_keep_their_index(tmp_path: Path, whole: PackedImages) -> None:
    coarse = GRIDS["coarse"]
    packed = np.array(whole.packed)
    packed[coarse.rows()[-1]] ^= 255
    write_official(tmp_path / "file.hdf5", PackedImages(packed, "", ""), grid=coarse)
    expected = Difference(index=46_079, factors=(2, 5, 36, 30, 30), n_pixels=4096)
    assert verify(tmp_path / "file.hdf5", grid=coarse).first == (expected,)


def test_only_the_first_are_named(differing: Path) -> None:
    verification = verify(differing, grid=TINY, n_first=1)
    assert verification.n_differing_images == 2
    assert [difference.index for difference in verification.first] == [7]
