"""`disbench compare`: one report over several results directories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from disbench.commands.reporting import check_is_results
from disbench.commands.telling import Found
from disbench.errors import StoreError
from disbench.report import write_reports
from disbench.report.comparability import comparison
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from disbench.commands.telling import Teller


def compare(directories: Sequence[Path], *, out: Path, teller: Teller) -> None:
    """Write one report over these directories, and say what differs between them.

    Raises `StoreError` for fewer than two directories, one that is none of results, one that is
    given twice, or an `out` that is or lies in one of results.
    """
    stores = _stores(directories, out)
    evidence = write_reports(stores, _made(out))
    teller.finished(Found(out, evidence, remarks=list(comparison(evidence))))


def _stores(directories: Sequence[Path], out: Path) -> dict[str, Store]:
    resolved = [directory.resolve() for directory in directories]
    if len(resolved) < 2:  # noqa: PLR2004 - one and another
        raise StoreError(f"got {len(resolved)} directory; compare takes two or more")
    for directory in directories:
        check_is_results(directory)
        if not any(Store(directory).finished()):
            raise StoreError(f"{directory} holds no finished run; there is nothing to compare")
        if resolved.count(directory.resolve()) > 1:
            raise StoreError(f"{directory} is given twice; name each directory once")
    if (out / "runs").exists():
        raise StoreError(f"{out} holds runs of its own; choose another --out for the comparison")
    if any(out.resolve().is_relative_to(directory) for directory in resolved):
        raise StoreError(f"{out} lies in a directory that is compared; choose another --out")
    return {name: Store(path) for name, path in zip(_names(resolved), resolved, strict=True)}


def _names(directories: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell them apart: ``quick``, or ``before/quick``."""
    longest = max(len(directory.parts) for directory in directories)
    ends = (
        [Path(*directory.parts[-depth:]).as_posix() for directory in directories]
        for depth in range(1, longest + 1)
    )
    # At the latest the whole paths are apart: no directory is given twice.
    return next(names for names in ends if len(set(names)) == len(names))


def _made(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write to {out} ({error.strerror}); choose another --out"
        ) from None
    return out
