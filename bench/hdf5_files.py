"""Arrays from HDF5 files that read no other file, and unpack to no more than they can hold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import h5py

from disbench.errors import DataError
from disbench.foreign import check_declared, check_plain, chosen

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_ORDERING = {h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
"""Filters after which there are as many bytes as before."""

_PACKING = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_LZF}

_CHECKSUM = 4
"""Bytes of fletcher32 at the end of a chunk."""


def read_hdf5(path: Path, key: str | None) -> NDArray[Any]:
    """The array of an HDF5 file under a key, or its only one."""
    with h5py.File(path) as file:
        names: list[str] = []
        # This visits what is in the file, and no link that leads out of it.
        file.visititems(lambda name, item: names.append(name) if _is_array(item) else None)
        dataset = file[chosen(path, key, names)]
        check_array(path, dataset, file_size=path.stat().st_size)
        check_self_contained(path, dataset)
        array: NDArray[Any] = dataset[()]
        return array


def check_self_contained(path: Path, dataset: h5py.Dataset) -> None:
    """Raise `DataError` for an array that reads other files, or cannot be unpacked safely."""
    if os.fsencode(dataset.file.filename) != os.fsencode(path):
        raise DataError(f"{path}: {dataset.name} lies in other files; copy it into this one")
    check_packing(path, dataset, file_size=path.stat().st_size)


def check_packing(path: Path, dataset: h5py.Dataset, *, file_size: int) -> None:
    """The same for an array that no link leads to, in a file of this size."""
    if dataset.is_virtual or dataset.external:
        raise DataError(f"{path}: {dataset.name} lies in other files; copy it into this one")
    _check_filters(path, dataset)
    _check_chunks(path, dataset, stored=_stored(dataset, file_size))


def check_array(path: Path, dataset: h5py.Dataset, *, file_size: int) -> None:
    """Raise `DataError` for what is no table of numbers or words, or would fill the memory."""
    if dataset.shape is None:
        raise DataError(f"{path}: {dataset.name} holds nothing")
    check_plain(path, dataset.dtype, kind=dataset.dtype.kind)
    stored = _stored(dataset, file_size)
    check_declared(path, dataset.shape, dataset.dtype.itemsize, stored=stored)


def _stored(dataset: h5py.Dataset, file_size: int) -> int:
    size: int = dataset.id.get_storage_size()
    return min(size, file_size)


def _check_chunks(path: Path, dataset: h5py.Dataset, *, stored: int) -> None:
    """Refuse a chunk beyond what is stored, and one too short for its checksum.

    HDF5 2.0 reads on beyond the latter, and crashes. A chunk may be larger than its array.
    """

    def check(chunk: Any) -> None:  # noqa: ANN401 - h5py has no types
        if chunk.size <= _CHECKSUM:
            raise DataError(f"{path}: {dataset.name} has a chunk of {chunk.size} bytes")

    if dataset.chunks is not None:
        check_declared(path, dataset.chunks, dataset.dtype.itemsize, stored=stored)
        dataset.id.chunk_iter(check)


def _check_filters(path: Path, dataset: h5py.Dataset) -> None:
    """What is packed twice unpacks to the square of what it is bounded by."""
    pipeline = dataset.id.get_create_plist()
    filters = [pipeline.get_filter(i)[0] for i in range(pipeline.get_nfilters())]
    packing = [number for number in filters if number not in _ORDERING]
    if len(packing) > 1 or not _PACKING.issuperset(packing):
        raise DataError(
            f"{path}: {dataset.name} is packed by the HDF5 filters {filters}; expected at most one "
            "of gzip and lzf"
        )


def _is_array(item: object) -> bool:
    return isinstance(item, h5py.Dataset)
