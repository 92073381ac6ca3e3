"""Read and write the official npz layout as a stream: neither whole arrays nor pickles."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from numpy.lib import format as npy

from disbench.dsprites.layout import BLOCK, LATENT_NAMES, LATENT_VALUES
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from disbench.dsprites.layout import Array, Contents, Member

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read(path: Path, member: Member, n: int) -> Iterator[Array]:
    """Yield the n rows of a member in blocks; nothing if the file does not have it.

    Only this member is opened: the metadata of the official file is a pickle, and stays one.
    """
    with ZipFile(path) as archive:
        if f"{member.npz}.npy" not in archive.namelist():
            return
        with archive.open(f"{member.npz}.npy") as stream:
            _check_header(stream, path, member, n)
            for start in range(0, n, BLOCK):
                yield _rows(stream, path, member, min(BLOCK, n - start))


def write(path: Path, contents: Contents) -> None:
    """Write the members and their rows, compressed; the metadata without a pickle."""
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=6) as archive:
        with archive.open("metadata.npy", "w") as stream:
            npy.write_array(stream, _metadata(), allow_pickle=False)
        for member, n, blocks in contents:
            with archive.open(f"{member.npz}.npy", "w", force_zip64=True) as stream:
                _write_header(stream, member, n)
                for block in blocks:
                    stream.write(np.ascontiguousarray(block, member.dtype).data)


def _check_header(stream: IO[bytes], path: Path, member: Member, n: int) -> None:
    version = npy.read_magic(stream)
    if version not in _HEADERS:
        raise DataError(f"{path}: {member.npz} has the unknown npy version {version}")
    shape, fortran_order, dtype = _HEADERS[version](stream)
    member.check(path, n, shape, dtype)
    if fortran_order:
        raise DataError(f"{path}: {member.npz} is in Fortran order; dSprites is in C order")


def _rows(stream: IO[bytes], path: Path, member: Member, n: int) -> Array:
    row_bytes = member.dtype.itemsize * int(np.prod(member.row_shape))
    data = stream.read(n * row_bytes)
    if len(data) < n * row_bytes:
        raise DataError(f"{path}: {member.npz} ends too early")
    return np.frombuffer(data, member.dtype).reshape(n, *member.row_shape)


def _write_header(stream: IO[bytes], member: Member, n: int) -> None:
    descr = npy.dtype_to_descr(member.dtype)
    header = {"descr": descr, "fortran_order": False, "shape": (n, *member.row_shape)}
    npy.write_array_header_1_0(stream, header)


def _metadata() -> Array:
    """Put the part of the metadata that programs read into a record.

    ``metadata[()]["latents_sizes"]`` and the like give what the official dictionary gives.
    """
    sizes = [len(values) for values in LATENT_VALUES]
    values: Any = [(name, "f8", size) for name, size in zip(LATENT_NAMES, sizes, strict=True)]
    fields: Any = [
        ("title", "U32"),
        ("latents_names", "U11", len(sizes)),
        ("latents_sizes", "i8", len(sizes)),
        ("latents_possible_values", values),
    ]
    record = ("dSprites, drawn by disbench", LATENT_NAMES, sizes, LATENT_VALUES)
    return np.array(record, np.dtype(fields))
