"""The pixels of a file, read as a stream: a file of gigabytes fits in no memory."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import h5py
import numpy as np

from disbench.datasets.images import WIDTH
from disbench.errors import DataError
from disbench.foreign import check_declared, chosen, reading
from disbench.hdf5_files import check_self_contained, read_hdf5
from disbench.numpy_files import check_member, header_of, read_npz

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

BLOCK = 1024
"""Images that are in memory at a time: 13 MB in colour."""

MOST_ROWS = 16 * BLOCK
"""The same of a file whose chunks hold more: then each is unpacked more than once."""

MOST_PIXELS = 10**11
"""Eight million images in colour; the largest set that is known to us has one million."""


@dataclass(frozen=True)
class Pixels:
    """The array ``images`` of a file: its shape, (n, 64, 64[, channels]), and how it is read."""

    path: Path
    shape: tuple[int, ...]

    @property
    def n(self) -> int:
        """The number of images."""
        return self.shape[0]

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of an image, without a channel that is the only one."""
        return self.shape[1:3] if self.shape[3:] == (1,) else self.shape[1:]

    def blocks(self) -> Iterator[NDArray[np.uint8]]:
        """The images in order, `BLOCK` or fewer at a time: (m, 64, 64) or (m, 64, 64, 3).

        Raises `DataError` for a file that cannot be read to its end.
        """
        with reading(self.path):
            for block in FORMATS[self.path.suffix].rows(self.path, self.shape):
                yield np.ascontiguousarray(block).reshape(-1, *self.row_shape)


@dataclass(frozen=True)
class Format:
    """How the files of one suffix are read."""

    names: Callable[[Path], list[str]]
    declared: Callable[[Path], tuple[tuple[int, ...], np.dtype[Any]]]
    rows: Callable[[Path, tuple[int, ...]], Iterator[NDArray[Any]]]
    array: Callable[[Path, str], NDArray[Any]]


def pixels_in(path: Path) -> Pixels:
    """The ``images`` of a file, whose values are not read yet.

    Raises `DataError` for a file that has none, or not (n, 64, 64), (n, 64, 64, 1) or
    (n, 64, 64, 3) bytes, or that reads other files, or that unpacks to more than it can hold.
    """
    if path.suffix not in FORMATS or not path.is_file():
        raise DataError(f"{path} is no file of images; expected one of {', '.join(FORMATS)}")
    with reading(path):
        form = FORMATS[path.suffix]
        chosen(path, "images", form.names(path))
        shape, dtype = form.declared(path)
    if dtype != np.uint8:
        raise DataError(f"{path}: images has type {dtype}; expected uint8, of 0 to 255")
    square = shape[1:3] == (WIDTH, WIDTH)
    if not square or shape[3:] not in {(), (1,), (3,)} or shape[0] < 1:
        raise DataError(
            f"{path}: images has shape {shape}; expected (n, {WIDTH}, {WIDTH}) for grey ones, or "
            f"(n, {WIDTH}, {WIDTH}, 3): scale and reorder them"
        )
    return Pixels(path, shape)


def _names_in_npz(path: Path) -> list[str]:
    with ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def _declared_in_npz(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with ZipFile(path) as archive:
        member = check_member(path, archive.getinfo("images.npy"))
        stored = min(member.compress_size, path.stat().st_size)
        with archive.open(member) as stream:
            header = header_of(stream, path, stored=stored, most=MOST_PIXELS)
    if header.fortran_order:
        raise DataError(f"{path}: images is in Fortran order; save np.ascontiguousarray of it")
    return header.shape, header.dtype


def _rows_in_npz(path: Path, shape: tuple[int, ...]) -> Iterator[NDArray[Any]]:
    n_bytes = int(np.prod(shape[1:]))
    with ZipFile(path) as archive, archive.open("images.npy") as stream:
        header_of(stream, path, most=MOST_PIXELS)  # the pixels begin behind it
        for start in range(0, shape[0], BLOCK):
            n = min(BLOCK, shape[0] - start)
            content = stream.read(n * n_bytes)
            if len(content) < n * n_bytes:
                raise DataError(f"{path} declares an array of {shape}, and ends before it does")
            yield np.frombuffer(content, np.uint8).reshape(n, *shape[1:])


def _names_in_hdf5(path: Path) -> list[str]:
    with h5py.File(path) as file:
        return [name for name in file if file.get(name, getclass=True) is h5py.Dataset]


def _declared_in_hdf5(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with h5py.File(path) as file:
        dataset = file["images"]
        check_self_contained(path, dataset)
        stored = min(dataset.id.get_storage_size(), path.stat().st_size)
        check_declared(path, dataset.shape, dataset.dtype.itemsize, stored=stored, most=MOST_PIXELS)
        return dataset.shape, dataset.dtype


def _rows_in_hdf5(path: Path, shape: tuple[int, ...]) -> Iterator[NDArray[Any]]:
    with h5py.File(path) as file:
        dataset = file["images"]
        # A chunk that two reads share is unpacked twice.
        rows = min(dataset.chunks[0], MOST_ROWS) if dataset.chunks else 1
        step = rows * max(1, BLOCK // rows)
        for start in range(0, shape[0], step):
            yield dataset[start : start + step]


_HDF5 = Format(_names_in_hdf5, _declared_in_hdf5, _rows_in_hdf5, read_hdf5)
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".npz": Format(_names_in_npz, _declared_in_npz, _rows_in_npz, read_npz),
        ".hdf5": _HDF5,
        ".h5": _HDF5,
    }
)
