"""Named arrays as the bytes of an HDF5 file, and back."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from disbench.errors import DamagedError
from disbench.foreign import BROKEN
from disbench.hdf5_files import check_array, check_packing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The arrays under their names, where a slash makes a group."""
    with h5py.File("in memory", "w", driver="core", backing_store=False) as file:
        for name, array in arrays.items():
            # No time of writing: the same arrays are the same bytes. A scalar has no chunks.
            compression = "gzip" if array.ndim else None
            item = file.create_dataset(name, data=array, compression=compression, track_times=False)
            # Or its chunks are written when Python lets go of it, which a profiler may delay, as
            # that of a Dask worker does: then the order of the file is another.
            item.flush()
        file.flush()
        image: bytes = file.id.get_file_image()
    return image


def unpack_arrays(data: bytes, path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in the bytes of a file by name; `path` names it in the error.

    Raises `DamagedError` for bytes that are no such file, that declare more than they can hold,
    or that refer to other files.
    """
    arrays: dict[str, NDArray[Any]] = {}

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = _taken(item, path, held=len(data))

    with _opened(data, path) as file:
        file.visititems(take)
    return arrays


def unpack_array(data: bytes, name: str, path: Path) -> NDArray[Any] | None:
    """The array of this name, and nothing else; None where there is none.

    Raises `DamagedError` as `unpack_arrays` does.
    """
    with _opened(data, path) as file:
        found = file.get(name)
        if not isinstance(found, h5py.Dataset):
            return None
        return _taken(found, path, held=len(data))


def _taken(item: h5py.Dataset, path: Path, *, held: int) -> NDArray[Any]:
    check_array(path, item, file_size=held)
    check_packing(path, item, file_size=held)
    return np.asarray(item[()])


@contextmanager
def _opened(data: bytes, path: Path) -> Iterator[h5py.File]:
    """The file, open; `DamagedError` where it cannot be read, inside the block too."""
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            yield file
    except BROKEN as error:
        raise DamagedError(path, " ".join(str(error).split())) from None
