"""What results directories are called in tables, figures and on the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from disbench.words import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_CHARACTERS = 28
"""Of a name: beside longer ones a figure has no room left for what it shows."""


def name_of(directory: Path) -> str:
    """What one directory is called: its own name, made readable, and not too long."""
    return _cut(readable(directory.resolve().name))


def names_of(directories: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell them apart: ``quick``, or ``before/quick``.

    Where none does, since paths are cut and escaped, they are numbered: ``quick (2)``. No directory
    is given twice, and all are resolved.
    """
    longest = max(len(directory.parts) for directory in directories)
    ends = (
        [_cut(readable(Path(*directory.parts[-depth:]))) for directory in directories]
        for depth in range(1, longest + 1)
    )
    apart = (names for names in ends if len(set(names)) == len(names))
    numbered = [f"{_cut(readable(d.name))} ({i})" for i, d in enumerate(directories, 1)]
    return next(apart, numbered)


def _cut(name: str) -> str:
    """The name without its middle, if it is long: its ends tell most."""
    half = MOST_CHARACTERS // 2
    return name if len(name) <= MOST_CHARACTERS else f"{name[: half - 1]}\u2026{name[-half:]}"
