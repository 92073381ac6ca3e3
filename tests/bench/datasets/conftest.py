"""Tiny files of images on a full grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SIZES = (4, 3, 5)


@pytest.fixture(scope="session")
def coloured() -> NDArray[np.uint8]:
    """Squares of one of 3 hues, in one of 4 rows and of 5 columns: (60, 64, 64, 3)."""
    images = np.full((*SIZES, 64, 64, 3), 20, np.uint8)
    for row, hue, column in np.ndindex(SIZES):
        images[row, hue, column, 14 * row :, 11 * column :, hue][:16, :16] = 220
    return images.reshape(-1, 64, 64, 3)


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[..., Path]:
    """Write arrays to a file of this name, by the suffix npz or HDF5."""

    def write(name: str = "set.npz", **arrays: Any) -> Path:
        path = tmp_path / name
        if path.suffix == ".npz":
            np.savez_compressed(path, **arrays)
            return path
        with h5py.File(path, "w") as file:
            for key, array in arrays.items():
                words = np.asarray(array).dtype.kind == "U"
                file[key] = np.array([word.encode() for word in array]) if words else array
        return path

    return write
