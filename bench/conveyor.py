"""Cohort after cohort trained on a GPU, while what is trained is scored by other processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from threading import Event
from typing import TYPE_CHECKING

from disbench.cohorts import cohorts_of
from disbench.seeing import loaded, see
from disbench.store import Store
from disbench.training_cells import train_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from disbench.cells import Cell
    from disbench.outcomes import Outcome
    from disbench.run_folder import RunFolder
    from disbench.seeing import Seen
    from disbench.training_cells import Left


def scored_while_training(
    cells: Sequence[Cell],
    score: Callable[[Sequence[Cell]], Generator[Outcome]],
    *,
    stop: Callable[[], bool],
    free_bytes: int,
) -> Generator[Outcome]:
    """Finish cells on a GPU: `score` finishes those that are trained, meanwhile others are trained.

    A run that is trained is left in its folder, so that nothing is lost whatever happens to those
    that train with it.
    """
    at_once: list[Cell] = []
    untrained: list[Cell] = []
    for cell in cells:
        is_ready = not cell.run.has_network or _folder_of(cell).is_trained
        (at_once if is_ready else untrained).append(cell)
    cohorts = cohorts_of(untrained, free_bytes=free_bytes)
    closed = Event()

    def is_over() -> bool:
        return closed.is_set() or stop()

    with ThreadPoolExecutor(1) as gpu:
        training = [gpu.submit(train_cells, cohort, stop=is_over) for cohort in cohorts]
        try:
            yield from score(at_once)
            for cohort, left in zip(cohorts, training, strict=True):
                yield from _ended(cohort, left.result(), score)
        finally:
            closed.set()


def _ended(
    cohort: Sequence[Cell], left: Left, score: Callable[[Sequence[Cell]], Generator[Outcome]]
) -> Generator[Outcome]:
    """The outcomes of a cohort: of those that are not trained, and of the others once scored."""
    untrained = {outcome.run.id for outcome in left.outcomes}
    trained = [cell for cell in cohort if cell.run.id not in untrained]
    for outcome in chain(left.outcomes, score(trained)):
        earlier = left.notes.get(outcome.run.id, ())
        yield replace(outcome, notes=(*earlier, *outcome.notes))


def look(cell: Cell) -> Seen | None:
    """What the GPU sees of a run that is trained, None where there is nothing to be seen."""
    if not cell.run.has_network:
        return None
    try:
        folder = _folder_of(cell)
        training = folder.training()
        if training is None or training.status == "diverged":
            return None
        return see(cell, loaded(cell, folder))
    except Exception:  # noqa: BLE001 - whoever scores it looks again, and says what is wrong
        return None


def _folder_of(cell: Cell) -> RunFolder:
    """Where the weights of a run are, finished or begun."""
    store = Store(cell.directory)
    there = store.folder(cell.run)
    return there if there.is_trained else store.begun(cell.run)
