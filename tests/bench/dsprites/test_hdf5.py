"""The HDF5 layout is the official one, and any chunks are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from disbench.dsprites import GRIDS, PackedImages, images, write_official
from disbench.dsprites.official import read_packed
from disbench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TINY = GRIDS["tiny"]


def test_members_have_the_official_names(tmp_path: Path, whole: PackedImages) -> None:
    write_official(tmp_path / "file.hdf5", whole, grid=TINY)
    with h5py.File(tmp_path / "file.hdf5") as file:
        np.testing.assert_array_equal(file["imgs"], images(TINY.factors()))
        np.testing.assert_array_equal(file["latents/classes"][:, 1:], TINY.factors())
        np.testing.assert_array_equal(file["latents/values"][:, 1:], TINY.values())


@pytest.mark.parametrize("chunks", [None, (1, 64, 64), (1440, 2, 4), (1000, 64, 64)])
def test_any_chunks_are_read(tmp_path: Path, chunks: tuple[int, ...] | None) -> None:
    pixels = images(TINY.factors())
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        file.create_dataset("imgs", data=pixels, chunks=chunks)
    blocks = list(read_packed(tmp_path / "file.hdf5", grid=TINY))
    assert np.array_equal(np.concatenate(blocks), np.packbits(pixels.reshape(TINY.n, -1), axis=1))


def test_group_in_place_of_an_array_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        file.create_group("imgs")
    with pytest.raises(DataError, match="imgs is a group"):
        list(read_packed(tmp_path / "file.hdf5", grid=TINY))


@pytest.mark.parametrize("kind", ["link", "virtual", "external"])
def test_images_in_another_file_are_refused(kind: str, tmp_path: Path) -> None:
    pixels = images(TINY.factors())
    raw = tmp_path / "raw"
    raw.write_bytes(pixels.tobytes())
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["imgs"] = pixels
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        if kind == "link":
            file["imgs"] = h5py.ExternalLink(str(tmp_path / "other.hdf5"), "imgs")
        elif kind == "virtual":
            layout = h5py.VirtualLayout(pixels.shape, "u1")
            layout[...] = h5py.VirtualSource(tmp_path / "other.hdf5", "imgs", pixels.shape)
            file.create_virtual_dataset("imgs", layout)
        else:
            external = [(raw, 0, pixels.nbytes)]
            file.create_dataset("imgs", pixels.shape, "u1", external=external)
    with pytest.raises(DataError, match="/imgs lies in other files"):
        list(read_packed(tmp_path / "file.hdf5", grid=TINY))
