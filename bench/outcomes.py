"""How a cell ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from disbench.runs import Run

Status = Literal["done", "diverged", "failed", "stopped", "elsewhere", "killed", "halted"]

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
