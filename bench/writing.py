"""Errors of writing, in terms of what was asked for, with what to do."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from disbench.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable for you",
    errno.EPERM: "make it writable for you",
    errno.EIO: "look after the disk",
    errno.ESTALE: "mount it again",
}


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn an error of the system into a `WriteError` that names the place, not a file on the way.

    What is written appears under a temporary name, which would tell a user nothing.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        at = f" at {error.filename2}" if error.filename2 is not None else ""
        other = f"cannot write to {place} ({reason}{at}); choose another place"
        raise WriteError(trouble(error, place) or other) from None


def trouble(error: Exception, place: Path) -> str | None:
    """What is to be done about the disk of a place, where that is the error, and nothing else."""
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return None
    if isinstance(error.filename, str) and not _lies_in(error.filename, place):
        return None
    return f"cannot write to {place} ({error.strerror}); {_REMEDIES[error.errno]}"


def _lies_in(name: str, place: Path) -> bool:
    """Whether a file is one of a directory, or on the way to one of its files or to it."""
    return Path(name).absolute().is_relative_to(place.absolute().parent)
