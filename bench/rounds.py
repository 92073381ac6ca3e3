"""A grid in rounds: what was killed is tried again, what is elsewhere is waited for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from disbench.cells import is_done
from disbench.checkpoints import Checkpoints
from disbench.errors import WriteError
from disbench.outcomes import Outcome
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from disbench.cells import Cell
    from disbench.claims import Claim
    from disbench.executors import Executor

MOST_DEATHS = 3
"""So often a run may lose its worker without having got further; the last time it is alone."""
POLL_SECONDS = 1.0

_LOST = {
    "killed": f"its process was killed {MOST_DEATHS} times, the last time alone, and it got no "
    "further; most often it is the system that does so, for want of memory: give it more, or "
    "fewer --jobs",
    "stopped": f"it was told to stop {MOST_DEATHS} times, by a SIGTERM to its process or because "
    "its session was gone, and got no further",
}


def outcomes(
    cells: Sequence[Cell], executor: Executor, *, on_note: Callable[[str], None] = lambda _: None
) -> Iterator[Outcome]:
    """How each cell ended in the end, in no order; `on_note` is told of what was set aside.

    Raises `KeyboardInterrupt` if the executor was told to stop, and `WriteError` if nothing can
    be written, both once all that was under way has come to its checkpoint.
    """
    left = {cell.run.id: cell for cell in cells}
    deaths, others = Deaths(), Others()
    while left:
        ready = [cell for run_id, cell in left.items() if run_id not in others.cells]
        for outcome in _round(ready, deaths, executor):
            for note in outcome.notes:
                on_note(note)
            cell, is_stopping = left[outcome.run.id], executor.is_stopping
            final = _judged(outcome, cell, deaths, others, is_stopping=is_stopping)
            if final is not None:
                del left[outcome.run.id]
                yield final
        if executor.is_stopping:
            raise KeyboardInterrupt
        for outcome in others.ended():
            del left[outcome.run.id]
            yield outcome
        if left and all(run_id in others.cells for run_id in left):
            time.sleep(POLL_SECONDS)


def _round(cells: Sequence[Cell], deaths: Deaths, executor: Executor) -> Iterator[Outcome]:
    """Those that have not died too often together; if there are none, one of the others alone."""
    if not cells:
        return
    together = [cell for cell in cells if not deaths.are_many(cell)]
    problem = ""
    for outcome in executor.outcomes(together or cells[:1], alone=not together):
        if outcome.status == "halted":
            problem = outcome.error
            executor.stop()
        yield outcome
    if problem:
        raise WriteError(problem)


def _judged(
    outcome: Outcome, cell: Cell, deaths: Deaths, others: Others, *, is_stopping: bool
) -> Outcome | None:
    """The outcome if it is final; else what it means for the rounds to come is noted."""
    if outcome.status == "elsewhere":
        others.add(cell)
        return None
    if outcome.status not in {"killed", "stopped", "halted"}:
        return outcome
    if is_stopping or not deaths.count(cell):
        return None
    error = _LOST[outcome.status]
    Store(cell.directory).note_failure(cell.failure(error, outcome.error))
    return replace(outcome, status="failed", error=error)


@dataclass
class Deaths:
    """How often each run has lost its worker since it last got further."""

    _counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def count(self, cell: Cell) -> bool:
        """Count another death of a cell; whether it was one too many."""
        deaths, step = self._counts.get(cell.run.id, (0, 0))
        reached = _step_reached(cell)
        deaths = 1 if reached > step else deaths + 1
        self._counts[cell.run.id] = (deaths, reached)
        return deaths >= MOST_DEATHS

    def are_many(self, cell: Cell) -> bool:
        """Whether the next death of a cell would be one too many."""
        deaths, _ = self._counts.get(cell.run.id, (0, 0))
        return deaths == MOST_DEATHS - 1


@dataclass
class Others:
    """The cells in the hands of other processes, by run id, each with our claim to it."""

    cells: dict[str, tuple[Cell, Claim]] = field(default_factory=dict)

    def add(self, cell: Cell) -> None:
        """Wait for a cell."""
        self.cells[cell.run.id] = cell, Store(cell.directory).claim(cell.run)

    def ended(self) -> Iterator[Outcome]:
        """The cells that others have finished; those that they left undone are let go of."""
        for run_id, (cell, claim) in list(self.cells.items()):
            if claim.take():
                claim.leave()
                del self.cells[run_id]
                if is_done(cell):
                    yield Outcome(cell.run, "elsewhere", 0.0)


def _step_reached(cell: Cell) -> int:
    return Checkpoints(cell.run, Store(cell.directory).begun(cell.run).path).last_step()
