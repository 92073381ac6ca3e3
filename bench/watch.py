"""What is to be seen of a plan while it is carried out: the runs under way, and the time left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from disbench.cells import unanswered
from disbench.errors import DamagedError, StoreError
from disbench.forecast import Forecast, Task
from disbench.run_folder import Progress

if TYPE_CHECKING:
    from disbench.cells import Cell
    from disbench.outcomes import Outcome
    from disbench.plan import Plan
    from disbench.records import EvaluationRecord, TrainingRecord
    from disbench.runs import Run
    from disbench.store import Store


class Watch:
    """A plan from now on, known from the notes of its runs and from how they end."""

    def __init__(self, plan: Plan, store: Store, *, jobs: int) -> None:
        self.runs = {cell.run.id: cell.run for cell in plan.to_do}
        self.n_ended = self.n_failed = 0
        self._store = store
        self._started = time.monotonic()
        self._places = {run_id: place for place, run_id in enumerate(self.runs)}
        self._tasks = {cell.run.id: _task(cell) for cell in plan.to_do}
        self._forecast = Forecast(self._tasks.values(), jobs=jobs, now=self._started)

    @property
    def n_runs(self) -> int:
        """How many runs there were to do."""
        return len(self.runs)

    @property
    def elapsed(self) -> float:
        """The seconds so far."""
        return time.monotonic() - self._started

    def look(self) -> list[tuple[Run, Progress]]:
        """The runs under way and where they are, in the order of the plan."""
        now, notes = time.monotonic(), self._notes()
        for run_id, note in notes.items():
            self._forecast.noted(run_id, note.step, now=now)
        begun = sorted((t.run_id for t in self._forecast.under_way), key=self._places.__getitem__)
        notes |= {i: _SCORING for i in begun if self._tasks[i].trained}  # it takes no notes
        return [(self.runs[i], notes[i]) for i in begun if i in notes]

    def ended(self, outcome: Outcome) -> None:
        """Count a run that has ended, and learn from it."""
        self.n_ended += 1
        self.n_failed += outcome.status == "failed"
        now = time.monotonic()
        if outcome.status in {"done", "diverged"}:
            self._learn(outcome, now)
        self._forecast.ended(outcome.run.id, now=now)

    def rate(self, run: Run) -> float | None:
        """The steps that a run takes a second."""
        return self._forecast.rate(run.id)

    def left(self) -> float | None:
        """The seconds until the last run ends, None where it is too early to tell."""
        return self._forecast.left(time.monotonic())

    def _learn(self, outcome: Outcome, now: float) -> None:
        run_id, evaluation = outcome.run.id, outcome.seconds
        if not self._tasks[run_id].trained:
            training, scored = self._records(outcome.run)
            if training is None:
                return
            steps, seconds = training.steps_done, training.seconds
            self._forecast.trained(run_id, steps=steps, seconds=seconds, now=now)
            evaluation = 0.0 if scored is None else scored.seconds
        if outcome.status == "done":
            self._forecast.evaluated(run_id, seconds=evaluation, now=now)

    def _records(self, run: Run) -> tuple[TrainingRecord | None, EvaluationRecord | None]:
        try:
            return self._store.folder(run).records()
        except StoreError:  # a display is no place to fail: the report will say what is wrong
            return None, None

    def _notes(self) -> dict[str, Progress]:
        try:
            notes = {i: folder.progress() for i, folder in self._store.under_way().items()}
        except StoreError:  # a display is no place to fail: the run itself will say what is wrong
            return {}
        return {run_id: note for run_id, note in notes.items() if note is not None}


_SCORING = Progress(phase="scoring", step=0, reconstruction=float("nan"), kl=float("nan"))


def _task(cell: Cell) -> Task:
    is_trained = _is_trained(cell)
    kind = f"{cell.run.objective}, trained" if is_trained else cell.run.objective
    return Task(cell.run.id, kind, cell.run.steps, trained=is_trained)


def _is_trained(cell: Cell) -> bool:
    try:
        return unanswered(cell) is not None
    except DamagedError:  # it will be set aside
        return False
