"""Codes and factors from files: .npy, .npz, .h5, .csv and .parquet, none of which can run code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from disbench.errors import DataError
from disbench.foreign import reading, some
from disbench.hdf5_files import read_hdf5
from disbench.numpy_files import read_npy, read_npz
from disbench.table_files import read_csv, read_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Columns:
    """An array of (rows, columns), with the names of the columns where the file has them."""

    array: NDArray[Any]
    names: tuple[str, ...] | None


@dataclass(frozen=True)
class Source:
    """A file, and what of it to take: an array by `key`, or the `columns` of a table by name."""

    path: Path
    key: str | None = None
    columns: Sequence[str] | None = None

    def read(self) -> Columns:
        """The chosen values.

        Raises `DataError` for a file that is not there, cannot be read or is of another format, a
        key or column that it lacks, and a choice that it leaves open.
        """
        reader = _READERS.get(self.path.suffix)
        if reader is None:
            raise DataError(
                f"{self.path}: expected a file of the format {', '.join(_READERS)}, "
                f"not {self.path.suffix or 'one without a suffix'!r}"
            )
        if not os.path.isfile(self.path):  # noqa: PTH113 - Path.is_file raises for a long name
            raise DataError(f"there is no file {str(self.path)!r}")
        with reading(self.path):
            return reader(self)


def _read_npy(source: Source) -> Columns:
    _refuse_choice(source, key=True, columns=True)
    return Columns(read_npy(source.path), None)


def _read_npz(source: Source) -> Columns:
    _refuse_choice(source, columns=True)
    return Columns(read_npz(source.path, source.key), None)


def _read_hdf5(source: Source) -> Columns:
    _refuse_choice(source, columns=True)
    return Columns(read_hdf5(source.path, source.key), None)


def _read_csv(source: Source) -> Columns:
    _refuse_choice(source, key=True)
    return _of_frame(source, read_csv(source.path))


def _read_parquet(source: Source) -> Columns:
    _refuse_choice(source, key=True)
    return _of_frame(source, read_parquet(source.path))


_READERS: Mapping[str, Callable[[Source], Columns]] = MappingProxyType(
    {
        ".npy": _read_npy,
        ".npz": _read_npz,
        ".h5": _read_hdf5,
        ".hdf5": _read_hdf5,
        ".csv": _read_csv,
        ".parquet": _read_parquet,
    }
)


def _of_frame(source: Source, frame: pd.DataFrame) -> Columns:
    names = [str(name) for name in frame.columns]
    frame.columns = pd.Index(names)
    wanted = list(source.columns or names)
    there = frozenset(names)
    absent = [name for name in wanted if name not in there]
    if absent:
        raise DataError(
            f"{source.path} has no column {absent[0]!r}; it has {some(names) or 'none'}"
        )
    return Columns(frame[wanted].to_numpy(), tuple(wanted))


def _refuse_choice(source: Source, *, key: bool = False, columns: bool = False) -> None:
    """Refuse a choice that a format does not have, rather than ignore it."""
    if key and source.key is not None:
        raise DataError(f"{source.path}: a {source.path.suffix} file has no keys to choose from")
    if columns and source.columns is not None:
        raise DataError(f"{source.path}: a {source.path.suffix} file has no columns by name")
