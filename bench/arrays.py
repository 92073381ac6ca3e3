"""Named arrays in an HDF5 file that appears whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h5py

from disbench.atomic import replacing
from disbench.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays under their names, where a slash makes a group."""
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for name, array in arrays.items():
            # No time of writing: the same arrays are the same bytes. A scalar has no chunks.
            compression = "gzip" if array.ndim else None
            file.create_dataset(name, data=array, compression=compression, track_times=False)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in a file by name; none where there is no file.

    Raises `StoreError` for a file that is damaged.
    """
    if not path.exists():
        return {}
    arrays: dict[str, NDArray[Any]] = {}

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    with _opened(path) as file:
        file.visititems(take)
    return arrays


def read_array(path: Path, name: str) -> NDArray[Any] | None:
    """The array of this name in a file, and nothing else of it; None where there is none.

    Raises `StoreError` for a file that is damaged.
    """
    if not path.exists():
        return None
    with _opened(path) as file:
        found = file.get(name)
        return found[()] if isinstance(found, h5py.Dataset) else None


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """The file, open; `StoreError` where it cannot be read, inside the block too."""
    try:
        with h5py.File(path) as file:
            yield file
    except OSError as error:
        raise StoreError(
            f"{path} is not what disbench wrote ({error}); "
            f"move {path.parent} away, and its run will be done again"
        ) from None
