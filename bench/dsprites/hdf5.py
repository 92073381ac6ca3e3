"""Read and write the official HDF5 layout as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py

from disbench.dsprites.layout import BLOCK
from disbench.errors import DataError
from disbench.hdf5_files import check_self_contained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from disbench.dsprites.layout import Array, Contents, Member

# A megabyte of pixels: a reader of one image unpacks no more than that.
_CHUNK = 256


def read(path: Path, member: Member, n: int) -> Iterator[Array]:
    """Yield the n rows of a member in blocks; nothing if the file does not have it."""
    with h5py.File(path) as file:
        if member.hdf5 not in file:
            return
        dataset = file[member.hdf5]
        if not isinstance(dataset, h5py.Dataset):
            raise DataError(f"{path}: {member.hdf5} is a group, where dSprites has an array")
        member.check(path, n, dataset.shape, dataset.dtype)
        check_self_contained(path, dataset)
        step = _whole_chunks(dataset)
        for start in range(0, n, step):
            yield dataset[start : start + step]


def write(path: Path, contents: Contents) -> None:
    """Write the members and their rows, compressed."""
    with h5py.File(path, "w") as file:
        for member, n, blocks in contents:
            dataset = file.create_dataset(
                member.hdf5,
                (n, *member.row_shape),
                member.dtype,
                chunks=(min(_CHUNK, n), *member.row_shape),
                compression="gzip",
                compression_opts=6,
            )
            start = 0
            for block in blocks:
                dataset[start : start + len(block)] = block
                start += len(block)


def _whole_chunks(dataset: h5py.Dataset) -> int:
    # A chunk that two reads share is unpacked twice, and there may be hundreds side by side.
    rows: int = dataset.chunks[0] if dataset.chunks else 1
    return rows * max(1, BLOCK // rows)
