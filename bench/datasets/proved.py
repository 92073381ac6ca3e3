"""A file of images: written once, by one process, and not believed without proof.

Beside the file lies a note: the SHA-256 of its bytes, and the size and time of last change that
it had when they were hashed. While the note holds the file is taken as it is, so that a dozen
workers need not each hash all of it. Otherwise it is hashed, and written again if that is wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from disbench.atomic import replacing, write_whole
from disbench.datasets.locks import locked
from disbench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

Blocks = Callable[[], Iterable[NDArray[np.uint8]]]


@dataclass(frozen=True)
class Note:
    """What was known of a file when its bytes were hashed."""

    sha256: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path, sha256: str) -> Self:
        """Take a note on the file as it is now, if its bytes have this hash."""
        state = path.stat()
        return cls(sha256, state.st_size, state.st_mtime_ns)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read the note on the file; None where there is no readable one."""
        try:
            return cls(**json.loads(_note_path(path).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Leave the note beside the file."""
        write_whole(_note_path(path), json.dumps(asdict(self)).encode())


def ensure(path: Path, blocks: Blocks, sha256: str | None = None) -> str:
    """See to it that the file holds the blocks, and give the SHA-256 of its bytes.

    Several processes may ask at once: one writes, the others wait for it.

    Raises
    ------
    DataError
        If ``sha256`` is given and is not that of the blocks.
    OSError
        If the file has to be written, and cannot be.
    """
    if known := _believed(path, sha256):
        return known
    with locked(path):
        known = _believed(path, sha256) or _proved(path, sha256) or _written(path, blocks, sha256)
        with suppress(OSError):  # in a read-only folder the file is hashed each time
            Note.of(path, known).write(path)
    return known


def confirmed(actual: str, sha256: str | None) -> str:
    """Give the actual SHA-256, once it is known to be the one asked for, if any was."""
    if sha256 not in (None, actual):
        raise DataError(
            f"the images drawn on this machine have SHA-256 {actual}, not {sha256}: "
            f"please report this, with the versions of numpy and of Python"
        )
    return actual


def _believed(path: Path, sha256: str | None) -> str | None:
    note = Note.read(path)
    if note is None or not path.exists() or note != Note.of(path, sha256 or note.sha256):
        return None
    return note.sha256


def _proved(path: Path, sha256: str | None) -> str | None:
    note = Note.read(path)
    wanted = sha256 or (note and note.sha256)
    if not wanted or not path.exists():
        return None
    with path.open("rb") as file:
        return wanted if hashlib.file_digest(file, "sha256").hexdigest() == wanted else None


def _written(path: Path, blocks: Blocks, sha256: str | None) -> str:
    digest = hashlib.sha256()
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            for block in blocks():
                digest.update(block.data)
                file.write(block.data)
        return confirmed(digest.hexdigest(), sha256)


def _note_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
