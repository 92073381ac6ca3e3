"""Pixels of a file are written to the cache once, and mapped from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.datasets.batches import batch_rows
from disbench.datasets.pixels import BLOCK, Pixels
from disbench.datasets.stored import stored_images
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

NAMES = ["row", "hue", "column"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("DISBENCH_CACHE", str(folder))
    return folder


@pytest.fixture
def path(write_file: Callable[..., Path], coloured: NDArray[np.uint8]) -> Path:
    return write_file(images=coloured, factor_sizes=[4, 3, 5], factor_names=NAMES)


def test_images_in_colour_are_those_of_the_file(path: Path, coloured: NDArray[np.uint8]) -> None:
    images = stored_images(path)
    assert isinstance(images.pixels, np.memmap)
    assert (len(images), images.channels, images.largest) == (60, 3, 255)
    assert (images.factor_names, images.factor_sizes) == (("row", "hue", "column"), (4, 3, 5))
    assert images.drawn_together == ((0,), (1,), (2,))
    assert (images.source, images.n_bytes) == (str(path), coloured.nbytes)
    assert np.array_equal(images.unpack([7, 0, 59]), coloured[[7, 0, 59]])
    assert images.grid("full").n == 60
    assert images.draw(3, 1, batch_size=4).tolist() == (
        batch_rows(3, 1, n_images=60, batch_size=4).tolist()
    )
    with pytest.raises(DataError, match="row 60 at position 0 is not one of 0 to 59"):
        images.unpack([60])


@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 1)])
def test_grey_images_have_one_channel(
    shape: tuple[int, ...], write_file: Callable[..., Path]
) -> None:
    grey = np.arange(4 * 64 * 64, dtype=np.uint32).astype(np.uint8).reshape(4, *shape)
    images = stored_images(write_file(images=grey, factor_sizes=[2, 2]))
    assert images.channels == 1
    assert np.array_equal(images.unpack([2]), grey[2:3].reshape(1, 64, 64))


def test_pixels_of_zero_and_one_are_black_and_white(write_file: Callable[..., Path]) -> None:
    binary = np.eye(64, dtype=np.uint8)[None].repeat(4, axis=0)
    images = stored_images(write_file(images=binary, factor_sizes=[2, 2]))
    assert np.array_equal(images.unpack(range(4)), 255 * binary)


def test_one_grey_pixel_says_that_ones_are_almost_black(write_file: Callable[..., Path]) -> None:
    """However late it comes: the scale is that of the file, and not of a block of it."""
    nearly = np.ones((BLOCK + 2, 64, 64), np.uint8)
    nearly[-1, 0, 0] = 2
    images = stored_images(write_file(images=nearly, factor_sizes=[2, BLOCK // 2 + 1]))
    assert np.array_equal(images.unpack([0, BLOCK + 1]), nearly[[0, -1]])


def test_file_is_read_once_and_again_when_it_has_changed(
    path: Path, coloured: NDArray[np.uint8], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stored_images(path)
    with monkeypatch.context() as patch:
        patch.delattr(Pixels, "blocks")  # no pixel is unpacked again
        assert stored_images(path).sha256 == first.sha256
    np.savez(path, images=coloured[::-1], factor_sizes=[4, 3, 5], factor_names=NAMES)
    changed = stored_images(path)
    assert changed.sha256 != first.sha256
    assert np.array_equal(changed.unpack([0]), coloured[-1:])
    assert len(list(own_cache.glob("images-*.bytes"))) == 2


def test_format_and_name_of_a_file_are_no_part_of_its_identity(
    path: Path, write_file: Callable[..., Path], coloured: NDArray[np.uint8]
) -> None:
    other = write_file("other.h5", images=coloured, factor_sizes=[4, 3, 5], factor_names=NAMES)
    assert stored_images(other).sha256 == stored_images(path).sha256


def test_the_same_pixels_of_other_factors_are_other_data(
    path: Path, write_file: Callable[..., Path], coloured: NDArray[np.uint8]
) -> None:
    renamed = write_file("renamed.npz", images=coloured, factor_sizes=[4, 3, 5])
    resized = write_file("b.npz", images=coloured, factor_sizes=[4, 5, 3], factor_names=NAMES)
    assert len({stored_images(p).sha256 for p in (path, renamed, resized)}) == 3


def test_file_that_ends_too_early_is_refused_and_leaves_nothing(
    path: Path, own_cache: Path, coloured: NDArray[np.uint8]
) -> None:
    np.savez(path, factor_sizes=[4, 3, 5], images=coloured)
    content = path.read_bytes()
    path.write_bytes(content[:1000] + content[200_000:])
    with pytest.raises(DataError, match=r"set\.npz cannot be read as \.npz"):
        stored_images(path)
    assert not list(own_cache.glob("images-*"))


def test_cache_that_cannot_be_there_is_named(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DISBENCH_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match=r"the 737,280 bytes .*; set DISBENCH_CACHE to a folder"):
        stored_images(path)
