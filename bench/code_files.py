"""Codes and factors from files: .npy, .npz, .h5, .csv and .parquet, none of which can run code."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import h5py
import numpy as np
import pandas as pd

from disbench.errors import DataError

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
        if not self.path.is_file():
            raise DataError(f"there is no file {str(self.path)!r}")
        return reader(self)


def _read_npy(source: Source) -> Columns:
    _refuse_choice(source, key=True, columns=True)
    with _Reading(source.path):
        # Mapped, so that a header that claims more than the file holds allocates nothing.
        return Columns(np.load(source.path, mmap_mode="r", allow_pickle=False), None)


def _read_npz(source: Source) -> Columns:
    _refuse_choice(source, columns=True)
    with _Reading(source.path), np.load(source.path, allow_pickle=False) as arrays:
        return Columns(arrays[_chosen(source, arrays.files)], None)


def _read_hdf5(source: Source) -> Columns:
    _refuse_choice(source, columns=True)
    with _Reading(source.path), h5py.File(source.path) as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if _is_array(item) else None)
        return Columns(file[_chosen(source, names)][()], None)


def _read_csv(source: Source) -> Columns:
    _refuse_choice(source, key=True)
    with _Reading(source.path):
        frame = pd.read_csv(source.path)
    _refuse_numbers_for_names(source.path, frame)
    return _of_frame(source, frame)


def _read_parquet(source: Source) -> Columns:
    _refuse_choice(source, key=True)
    try:
        with _Reading(source.path):
            frame = pd.read_parquet(source.path, engine="pyarrow")
    except ImportError:
        raise DataError(
            f"{source.path}: reading .parquet takes pyarrow: pip install 'disbench[parquet]'"
        ) from None
    return _of_frame(source, frame)


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


class _Reading:
    """Turns what a reader raises on a broken file into a `DataError` that names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ValueError | OSError | EOFError | BadZipFile | MemoryError):
            if isinstance(error, DataError):
                return
            raise DataError(f"{self.path} cannot be read as {self.path.suffix}: {error}") from None


def _of_frame(source: Source, frame: pd.DataFrame) -> Columns:
    names = [str(name) for name in frame.columns]
    frame.columns = pd.Index(names)
    wanted = list(source.columns or names)
    absent = [name for name in wanted if name not in names]
    if absent:
        raise DataError(
            f"{source.path} has no column {absent[0]!r}; it has {', '.join(names) or 'none'}"
        )
    return Columns(frame[wanted].to_numpy(), tuple(wanted))


def _refuse_numbers_for_names(path: Path, frame: pd.DataFrame) -> None:
    """A file without a header would lose its first row."""
    if len(frame.columns) and all(_is_number(str(name)) for name in frame.columns):
        raise DataError(
            f"{path}: the first line is numbers ({frame.columns[0]}, ...); expected the names of "
            "the columns there"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _chosen(source: Source, names: Sequence[str]) -> str:
    if source.key in names or (source.key is None and len(names) == 1):
        return source.key or names[0]
    problem = "holds several arrays, name one" if source.key is None else f"has no {source.key!r}"
    raise DataError(f"{source.path} {problem}; it has {', '.join(names) or 'no arrays'}")


def _refuse_choice(source: Source, *, key: bool = False, columns: bool = False) -> None:
    """Refuse a choice that a format does not have, rather than ignore it."""
    if key and source.key is not None:
        raise DataError(f"{source.path}: a {source.path.suffix} file has no keys to choose from")
    if columns and source.columns is not None:
        raise DataError(f"{source.path}: a {source.path.suffix} file has no columns by name")


def _is_array(item: object) -> bool:
    return isinstance(item, h5py.Dataset)
