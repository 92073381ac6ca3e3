"""What a file held when it was written, so that damage is seen before anything is believed."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from disbench.errors import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

GONE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
"""Of the errors of the system those that say something of the file: others may pass."""

_SEALED = re.compile(rb'\{\n "sha256": "([0-9a-f]{64})",')


class Seal(NamedTuple):
    """The size and the SHA-256 of a file."""

    size: int
    sha256: str


def seal(data: bytes) -> Seal:
    """The seal of a file with this content."""
    return Seal(len(data), hashlib.sha256(data).hexdigest())


def read_sealed(path: Path, expected: Seal | None) -> bytes:
    """The content of a file that is as it was sealed; without a seal, as it is.

    Raises `DamagedError` where it is not there or is another.
    """
    try:
        data = path.read_bytes()
    except GONE as error:
        raise DamagedError(path, f"{error.strerror}") from None
    if expected is not None and seal(data) != expected:
        raise DamagedError(path, _difference(data, expected))
    return data


def with_own_seal(text: str) -> bytes:
    """The JSON of an object with the SHA-256 of the rest as its first key, ``sha256``."""
    data = text.encode()
    return b'{\n "sha256": "%s",' % seal(data).sha256.encode() + data.removeprefix(b"{")


def without_own_seal(path: Path, data: bytes) -> tuple[bytes, bool]:
    """The JSON that `with_own_seal` was given, and whether it was sealed at all.

    Raises `DamagedError` where it is another.
    """
    found = _SEALED.match(data)
    if found is None:
        return data, False
    rest = b"{" + data[found.end() :]
    if seal(rest).sha256.encode() != found[1]:
        raise DamagedError(path, "its checksum is that of another content")
    return rest, True


def check_size(path: Path, expected: Seal) -> None:
    """Raise `DamagedError` if a file is not there, or is not of the size of its seal."""
    try:
        size = path.stat().st_size
    except GONE as error:
        raise DamagedError(path, f"{error.strerror}") from None
    if size != expected.size:
        raise DamagedError(path, f"{size:,} bytes, of {expected.size:,} that were written")


def _difference(data: bytes, expected: Seal) -> str:
    if len(data) != expected.size:
        return f"{len(data):,} bytes, of {expected.size:,} that were written"
    return "its checksum is that of another content"
