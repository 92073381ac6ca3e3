"""`disbench report`: what is derived from the runs in a directory, made again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from disbench.commands.telling import Found
from disbench.errors import StoreError
from disbench.report import missing_runs, write_report
from disbench.store import Store
from disbench.tables import source_of
from disbench.words import readable

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from disbench.commands.telling import Teller


def rebuild(directory: Path, *, teller: Teller, errors: Console) -> None:
    """Rebuild what is derived from the runs in a directory, and tell which runs it lacks."""
    check_is_results(directory)
    notes: list[str] = []

    def note(sentence: str) -> None:
        notes.append(sentence)
        errors.print(readable(sentence), markup=False, soft_wrap=True)

    evidence = write_report(directory, on_damage=note)
    store = Store(directory)
    study = store.study()
    missing = [] if study is None else missing_runs(evidence, source_of(store), study)
    teller.finished(Found(directory, evidence, missing=missing, notes=notes))


def check_is_results(directory: Path) -> None:
    """Raise `StoreError` unless a directory holds results."""
    if not os.path.isdir(directory / "runs"):  # noqa: PTH112 - Path.is_dir raises for a long name
        raise StoreError(
            f"{directory} is no results directory: it has no runs/; give the --out of a "
            "`disbench run`, such as results/quick"
        )
