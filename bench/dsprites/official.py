"""Read and write dSprites in the layout of the official npz and HDF5 files.

A smaller grid has the same layout with fewer rows; its classes count the values of the whole set.
"""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from disbench.atomic import replacing
from disbench.dsprites import hdf5, npz
from disbench.dsprites.grid import FULL, FactorGrid
from disbench.dsprites.layout import BLOCK, CLASSES, IMAGES, VALUES, Array, Contents, Member
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from disbench.dsprites.packed import PackedImages


@dataclass(frozen=True)
class Format:
    """How the files of one suffix are read and written."""

    read: Callable[[Path, Member, int], Iterator[Array]]
    write: Callable[[Path, Contents], None]


_HDF5 = Format(hdf5.read, hdf5.write)
FORMATS: Mapping[str, Format] = MappingProxyType(
    {".npz": Format(npz.read, npz.write), ".hdf5": _HDF5, ".h5": _HDF5}
)


def read_packed(path: str | Path, *, grid: FactorGrid = FULL) -> Iterator[NDArray[np.uint8]]:
    """Yield the images of an official file in bit-packed blocks: (m, 512) each, n in all.

    Nothing in the file can run code, and no more than a block of it is in memory at a time.

    Raises
    ------
    DataError
        If the file cannot be read, its order is not that of the grid (where it says so), or it
        holds anything but 64 x 64 pixels of 0 and 1.
    """
    path = Path(path)
    _check_order(path, grid)
    start = 0
    for pixels in _blocks(path, IMAGES, grid.n):
        _check_binary(path, pixels, start)
        start += len(pixels)
        yield np.packbits(pixels.reshape(len(pixels), -1), axis=1)
    if start == 0:
        raise DataError(f"{path} has no images: dSprites has them under {IMAGES.hdf5!r}")


def write_official(
    path: str | Path, images: PackedImages, *, grid: FactorGrid = FULL, overwrite: bool = False
) -> None:
    """Write the images of the grid, out of the whole set, in the official layout.

    The suffix (.npz, .hdf5, .h5) chooses the format. The file appears whole or not at all. The
    metadata in an npz is a record of names, sizes and values, since the official one is a pickle.

    Raises
    ------
    DataError
        If the suffix is another, the file exists and ``overwrite`` is not set, the images are not
        the whole set, or the file cannot be written.
    """
    path = Path(path)
    write = _format(path).write
    if path.exists() and not overwrite:
        raise DataError(f"{path} exists already; choose another name, or ask to overwrite it")
    if len(images) != FULL.n:
        raise DataError(f"the whole set has {FULL.n} images, not {len(images)}")
    try:
        with replacing(path) as temporary:
            write(temporary, _contents(images, grid))
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error


def _contents(images: PackedImages, grid: FactorGrid) -> Contents:
    yield IMAGES, grid.n, (images.unpack(FULL.index_of(f)) for f in _factor_blocks(grid))
    yield CLASSES, grid.n, (np.insert(f, 0, 0, axis=1) for f in _factor_blocks(grid))
    yield VALUES, grid.n, (np.insert(FULL.values_of(f), 0, 1, axis=1) for f in _factor_blocks(grid))


def _factor_blocks(grid: FactorGrid) -> Iterator[NDArray[np.int64]]:
    for start in range(0, grid.n, BLOCK):
        yield grid.factors_of(np.arange(start, min(start + BLOCK, grid.n)))


def _check_order(path: Path, grid: FactorGrid) -> None:
    start = 0
    for classes in _blocks(path, CLASSES, grid.n):
        expected = grid.factors_of(np.arange(start, start + len(classes)))
        wrong = (classes[:, 1:] != expected).any(axis=1)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"{path} is in another order than dSprites: row {start + at} has the factor "
                f"indices {classes[at, 1:].tolist()}, not {expected[at].tolist()}"
            )
        start += len(classes)


def _check_binary(path: Path, pixels: Array, start: int) -> None:
    if pixels.max() > 1:
        row = int(np.argmax(pixels.reshape(len(pixels), -1).max(axis=1)))
        raise DataError(
            f"{path}: image {start + row} has a pixel of {pixels[row].max()}; "
            f"dSprites has 0 and 1 only"
        )


def _format(path: Path) -> Format:
    if path.suffix not in FORMATS:
        raise DataError(f"{path} ends in none of {', '.join(FORMATS)}: its format is not known")
    return FORMATS[path.suffix]


def _blocks(path: Path, member: Member, n: int) -> Iterator[Array]:
    with _reading(path):
        yield from _format(path).read(path, member, n)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except (OSError, EOFError, ValueError, RuntimeError, BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read as an official dSprites file: {error}") from error
