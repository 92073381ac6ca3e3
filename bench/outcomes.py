"""How a cell ended, and what ends a whole grid."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from disbench.runs import Run

Status = Literal["done", "diverged", "failed", "stopped", "elsewhere", "killed", "halted"]

_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable for you",
    errno.EPERM: "make it writable for you",
    errno.EIO: "look after the disk",
    errno.ESTALE: "mount it again",
}


_OUT_OF_MEMORY = ("can't allocate memory", "CUDA out of memory")
"""What torch says, as a RuntimeError."""


@dataclass(frozen=True)
class Outcome:
    """How a cell ended; `error` is one line of what went wrong, if anything did.

    It is ``stopped`` at a checkpoint, is ``elsewhere`` in the hands of another process, was
    ``killed`` with its worker, or ``halted`` because nothing can be written. `notes` are sentences
    on what was found and mended on the way.
    """

    run: Run
    status: Status
    seconds: float
    error: str = ""
    notes: tuple[str, ...] = ()


def summary(error: BaseException) -> str:
    """An error in a line, and what to do about a want of memory."""
    line = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    is_memory = isinstance(error, MemoryError) or any(s in line for s in _OUT_OF_MEMORY)
    return f"{line}; give it more memory, or fewer --jobs" if is_memory else line


def trouble(error: Exception, directory: Path) -> str | None:
    """What is to be done about the disk, where that is the error: then no run can go on."""
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return None
    return (
        f"cannot write to {directory} ({error.strerror}); {_REMEDIES[error.errno]} and give the "
        "same command again: finished runs and checkpoints are kept"
    )
