"""Arrays from .npy and .npz files, whose headers are checked before anything is allocated."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from disbench.errors import DataError
from disbench.foreign import MOST_VALUES, check_declared, check_plain, chosen

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Header(NamedTuple):
    """What an array declares of itself."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[Any]


def read_npy(path: Path) -> NDArray[Any]:
    """The array of a .npy file, mapped."""
    with path.open("rb") as stream:
        header = header_of(stream, path)
        stored = path.stat().st_size - stream.tell()
    if stored < header.dtype.itemsize * np.prod(header.shape, dtype=object):
        raise DataError(f"{path} declares an array of {header.shape}, and ends before it does")
    return _checked(path, npy.open_memmap(path, mode="r"))


def read_npz(path: Path, key: str | None) -> NDArray[Any]:
    """The array of a .npz file under a key, or its only one."""
    with ZipFile(path) as archive:
        members = {name.removesuffix(".npy"): name for name in archive.namelist()}
        member = archive.getinfo(members[chosen(path, key, list(members))])
        check_member(path, member)
        with archive.open(member) as stream:
            stored = min(member.compress_size, path.stat().st_size)
            header = header_of(stream, path, stored=stored)
            return _values(stream, path, header)


def check_member(path: Path, member: ZipInfo) -> ZipInfo:
    """Give a member of an archive, once it is known to be packed as numpy packs."""
    # Of the other methods a few bytes can unpack to gigabytes at once.
    if member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise DataError(f"{path}: {member.filename} is packed as numpy packs nothing")
    return member


def header_of(
    stream: IO[bytes], path: Path, *, stored: int | None = None, most: int = MOST_VALUES
) -> Header:
    """The header of an array of at most so many values, of what can be read."""
    version = npy.read_magic(stream)
    if version not in _HEADERS:
        raise DataError(f"{path} is of the npy version {version}; numpy writes numbers in (1, 0)")
    header = Header(*_HEADERS[version](stream))
    check_plain(path, header.dtype, kind=header.dtype.kind)
    size = path.stat().st_size if stored is None else stored
    check_declared(path, header.shape, header.dtype.itemsize, stored=size, most=most)
    return header


def _values(stream: IO[bytes], path: Path, header: Header) -> NDArray[Any]:
    n_bytes = header.dtype.itemsize * int(np.prod(header.shape, dtype=object))
    content = stream.read(n_bytes)
    if len(content) < n_bytes:
        raise DataError(f"{path} declares an array of {header.shape}, and ends before it does")
    order: Literal["C", "F"] = "F" if header.fortran_order else "C"
    return _checked(path, np.frombuffer(content, header.dtype).reshape(header.shape, order=order))


def _checked(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    """The array, whose words are made of characters: numpy maps them as they come."""
    if array.dtype.kind == "U" and array.size:
        characters = array.ravel("K").view(f"{array.dtype.str[0]}u4")
        if characters.max(initial=0) > sys.maxunicode:
            raise DataError(f"{path} holds words of which not all characters are Unicode")
    return array
