"""`disbench compare`: one report over several results directories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.commands.reporting import check_is_results
from disbench.commands.telling import Found
from disbench.errors import StoreError
from disbench.names import names_of
from disbench.report import write_reports
from disbench.report.comparability import comparison
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from disbench.commands.telling import Teller


COMPARABLE = "comparable.csv"
"""What every comparison holds, and nothing else does."""


def compare(directories: Sequence[Path], *, out: Path, teller: Teller) -> None:
    """Write one report over these directories, and say what differs between them.

    Raises `StoreError` for fewer than two directories, one that is none of results, one that is
    given twice, or an `out` that is or lies in one of results, cannot be written, or holds anything
    but an earlier comparison.
    """
    stores = _stores(directories, out)
    evidence = write_reports(stores, _made(out))
    teller.finished(Found(out, evidence, remarks=list(comparison(evidence))))


def _stores(directories: Sequence[Path], out: Path) -> dict[str, Store]:
    if len(directories) < 2:  # noqa: PLR2004 - one and another
        raise StoreError(f"got {len(directories)} directory; compare takes two or more")
    for directory in directories:
        check_is_results(directory)
        if not any(Store(directory).finished()):
            raise StoreError(f"{directory} holds no finished run; there is nothing to compare")
    resolved = [directory.resolve() for directory in directories]
    for directory, path in zip(directories, resolved, strict=True):
        if resolved.count(path) > 1:
            raise StoreError(f"{directory} is given twice; name each directory once")
    _check_out(out, resolved)
    return {name: Store(path) for name, path in zip(names_of(resolved), resolved, strict=True)}


def _check_out(out: Path, compared: Sequence[Path]) -> None:
    """Refuse to write among runs, or over what is no comparison of ours."""
    try:
        there = {path.name for path in out.iterdir()} if out.is_dir() else set()
        is_within = any(out.resolve().is_relative_to(directory) for directory in compared)
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: of a loop of links
        raise _unwritable(out, error) from None
    if "runs" in there:
        raise StoreError(f"{out} holds runs of its own; choose another --out for the comparison")
    if is_within:
        raise StoreError(f"{out} lies in a directory that is compared; choose another --out")
    if there and COMPARABLE not in there:
        raise StoreError(
            f"{out} is not empty, and holds no earlier comparison (no {COMPARABLE}); "
            "choose another --out"
        )


def _made(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unwritable(out, error) from None
    return out


def _unwritable(out: Path, error: Exception) -> StoreError:
    reason = getattr(error, "strerror", None) or str(error)
    return StoreError(f"cannot write to {out} ({reason}); choose another --out")
