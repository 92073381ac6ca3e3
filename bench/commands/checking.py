"""`disbench check`: every file of every finished run, read and compared with its checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import track

from disbench.commands.reporting import check_is_results
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

    from disbench.run_folder import RunFolder


def check(directory: Path, *, console: Console) -> bool:
    """Whether all files are as they were written; those that are not are set aside."""
    check_is_results(directory)
    store = Store(directory)
    folders = list(store.finished())
    notes: list[str] = []
    is_seen = console.is_terminal
    for folder in track(folders, "checking", console=console, transient=True, disable=not is_seen):
        notes += _mended(store, folder)
    for note in notes:
        console.print(note, markup=False, soft_wrap=True)
    console.print(f"{len(folders)} finished runs, {len(notes)} set aside", markup=False)
    if n_unsealed := sum(_is_unsealed(folder) for folder in store.finished()):
        console.print(f"{n_unsealed} of a version without checksums: only their records were read")
    if notes:
        console.print("`disbench run` does again what was set aside")
    return not notes


def _mended(store: Store, folder: RunFolder) -> Iterator[str]:
    """Sentences on what had to be set aside for a folder to be sound."""
    while (damage := folder.damage()) is not None:
        if (note := store.set_aside_if_still(damage)) is None:
            return  # in other hands, which mend it
        yield note


def _is_unsealed(folder: RunFolder) -> bool:
    training = folder.training()
    return training is not None and not training.files
