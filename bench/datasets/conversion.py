"""Published data sets, each written once as a file whose layout `read_layout` reads."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

import h5py
import numpy as np

from disbench.atomic import replacing
from disbench.datasets import cars3d, mpi3d, shapes3d
from disbench.datasets.images import WIDTH
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from disbench.datasets.original import Original

SUFFIXES = (".h5", ".hdf5")
CHUNK = 64
"""Images that are packed together: 0.8 MB, of which a reader of one image unpacks no more."""


@dataclass(frozen=True)
class Conversion:
    """How a data set is read as it was published, whom to cite for it, and how many images it has.

    There are several sizes of MPI3D, which tells them apart itself.
    """

    read: Callable[[Path], Original]
    citation: str
    n_images: int | None = None


CONVERSIONS: Mapping[str, Conversion] = MappingProxyType(
    {
        "shapes3d": Conversion(shapes3d.read, shapes3d.CITATION, 480_000),
        "mpi3d": Conversion(mpi3d.read, mpi3d.CITATION),
        "cars3d": Conversion(cars3d.read, cars3d.CITATION, 183 * 24 * 4),
    }
)


def missing_images(name: str, factors: Mapping[str, int]) -> int:
    """How many images of the published set are not among those of these factors."""
    whole = CONVERSIONS[name].n_images
    return 0 if whole is None else whole - prod(factors.values())


def convert(name: str, source: Path, out: Path) -> Mapping[str, int]:
    """Write a published data set as an HDF5 file, and return its factors' numbers of values.

    A block of images is in memory at a time; the file appears whole or not at all.

    Raises
    ------
    DataError
        If the name is not one of `CONVERSIONS`, the source is not as published, or the file is
        there already, cannot be written, or does not end in .h5 or .hdf5.
    """
    if name not in CONVERSIONS:
        raise DataError(f"there is no conversion {name!r}; there are {', '.join(CONVERSIONS)}")
    if out.suffix not in SUFFIXES:
        raise DataError(f"{out} does not end in {' or '.join(SUFFIXES)}: HDF5 is what is written")
    if out.exists():
        raise DataError(f"{out} exists already; choose another name")
    original = CONVERSIONS[name].read(source)
    try:
        with replacing(out) as temporary:
            _write(temporary, original)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}") from error
    return original.factors


def _write(path: Path, original: Original) -> None:
    n = prod(original.factors.values())
    shape = (WIDTH, WIDTH, 3)
    with h5py.File(path, "w") as file:
        file["factor_sizes"] = np.array(list(original.factors.values()), np.int64)
        file["factor_names"] = np.array([name.encode() for name in original.factors])
        images = file.create_dataset(
            "images", (n, *shape), np.uint8, chunks=(min(CHUNK, n), *shape), compression="gzip"
        )
        start = 0
        for block in original.blocks():
            images[start : start + len(block)] = block
            start += len(block)
