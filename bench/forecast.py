"""When the last run of a grid will have ended, from how the runs have gone so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EVALUATION_SHARE = 0.13
"""Of a run's time, a guess at what encoding and scoring take, for as long as none has ended."""
LONG_QUEUE = 500
"""Of more tasks that wait it makes no difference in which order they begin."""
OVERRUN = 0.25
"""Left of an evaluation that has taken longer than expected, as a share of its time so far."""


@dataclass(frozen=True)
class Task:
    """A run to do. Runs of one kind are scored alike; one that is trained is only scored."""

    run_id: str
    kind: str
    steps: int
    trained: bool = False

    @property
    def shape(self) -> Task:
        """What it shares with those that take as long."""
        return replace(self, run_id="")


class Forecast:
    """How long tasks still take that begin in their order, `jobs` at a time.

    It is told of steps and of ends as they come, and of the time, in seconds of any clock. Later
    observations count for more: each weighs the time since the start at which it was made, so
    that half of the weight lies in the last 30 % of that time.
    """

    def __init__(self, tasks: Iterable[Task], *, jobs: int, now: float) -> None:
        self._started = now
        self._jobs = jobs
        self._waiting = {task.run_id: task for task in tasks}
        self._shapes = Counter(task.shape for task in self._waiting.values())
        self._under_way: dict[str, _UnderWay] = {}
        self._pace = _Mean()
        self._evaluations: dict[str, _Mean] = {}
        self._begin_next(now)

    @property
    def under_way(self) -> tuple[Task, ...]:
        """The tasks that have begun and not ended."""
        return tuple(run.task for run in self._under_way.values())

    def noted(self, run_id: str, step: int, *, now: float) -> None:
        """Learn that a run has got to a step."""
        run = self._begun(run_id, now)
        if run is None or (run.is_noted and step == run.step):
            return
        stride = max(0, step - run.step) if run.is_noted else 0
        since = self._last_step(run, now) if step >= run.task.steps else now
        if stride and step < run.task.steps:
            self._pace.add(now - run.since, stride, weight=now - self._started)
            run.pace.add(now - run.since, stride, weight=step)
        self._under_way[run_id] = replace(run, since=since, step=step, stride=stride, is_noted=True)

    def trained(self, run_id: str, *, steps: int, seconds: float, now: float) -> None:
        """Learn how long a run was trained, as far as its steps were not noted on the way."""
        run = self._begun(run_id, now)
        if run is not None and steps > run.step:
            unseen = steps - run.step
            self._pace.add(seconds * unseen / steps, unseen, weight=now - self._started)

    def evaluated(self, run_id: str, *, seconds: float, now: float) -> None:
        """Learn how long a run was encoded and scored."""
        run = self._begun(run_id, now)
        if run is not None:
            mean = self._evaluations.setdefault(run.task.kind, _Mean())
            mean.add(seconds, 1, weight=now - self._started)

    def ended(self, run_id: str, *, now: float) -> None:
        """Learn that a run has ended, well or not: the next one begins."""
        self._leave_queue(run_id)
        self._under_way.pop(run_id, None)
        self._begin_next(now)

    def rate(self, run_id: str) -> float | None:
        """The steps that a run under way takes a second, None where it is not known."""
        run = self._under_way.get(run_id)
        pace = None if run is None else run.pace.value
        return 1 / pace if pace else None

    def left(self, now: float) -> float | None:
        """The seconds until the last task ends, None as long as nothing tells.

        A task that waits begins where one ends first.
        """
        left = [self._left_of(run, now) for run in self._under_way.values()]
        shapes = {s: self._left_of(_UnderWay(s, now), now) for s in self._shapes}
        ends = [seconds for seconds in left if seconds is not None]
        lengths = {shape: seconds for shape, seconds in shapes.items() if seconds is not None}
        if len(ends) < len(left) or len(lengths) < len(shapes):
            return None
        if len(self._waiting) > LONG_QUEUE:
            total = sum(ends) + sum(n * lengths[shape] for shape, n in self._shapes.items())
            return max(*ends, total / len(ends))
        return end_of((lengths[task.shape] for task in self._waiting.values()), ends)

    def _leave_queue(self, run_id: str) -> None:
        if (task := self._waiting.pop(run_id, None)) is not None:
            self._shapes[task.shape] -= 1
            self._shapes += Counter()  # without those of which none is left

    def _begin_next(self, now: float) -> None:
        while self._waiting and len(self._under_way) < self._jobs:
            self._begun(next(iter(self._waiting)), now)

    def _begun(self, run_id: str, now: float) -> _UnderWay | None:
        """The run as it is under way, from now on if it waited; None if it ended or is no task."""
        if run_id in self._waiting:
            self._under_way[run_id] = _UnderWay(self._waiting[run_id], now)
            self._leave_queue(run_id)
        return self._under_way.get(run_id)

    def _last_step(self, run: _UnderWay, now: float) -> float:
        """When a run that is scored by now took its last step; nobody may have looked since."""
        pace = self._pace.value
        return now if pace is None else min(now, run.since + pace * (run.task.steps - run.step))

    def _left_of(self, run: _UnderWay, now: float) -> float | None:
        pace, evaluation = self._pace.value, self._evaluation(run.task, now)
        if evaluation is None:
            return None
        if run.is_evaluated:
            spent = now - run.since
            return max(evaluation - spent, OVERRUN * spent)
        return None if pace is None else run.steps_left(now, pace) * pace + evaluation

    def _evaluation(self, task: Task, now: float) -> float | None:
        """The seconds of encoding and scoring: of the task's kind, else of any, else a guess."""
        means = self._evaluations.values()
        of_kind = self._evaluations.get(task.kind, _Mean())
        of_any = _Mean(sum(mean.seconds for mean in means), sum(mean.units for mean in means))
        known = (mean.value for mean in (of_kind, of_any) if mean.value is not None)
        return next(known, self._guess(task, now))

    def _guess(self, task: Task, now: float) -> float | None:
        """A share of the time of the steps, but more than evaluations under way have taken."""
        pace = self._pace.value
        if pace is None:
            return None
        share = task.steps * pace * EVALUATION_SHARE / (1 - EVALUATION_SHARE)
        spent = [now - run.since for run in self._under_way.values() if run.is_evaluated]
        return max(share, (1 + OVERRUN) * max(spent, default=0.0))


def end_of(lengths: Iterable[float], free: Iterable[float]) -> float:
    """When the last of tasks of these lengths ends, each begun by the worker that is free first.

    `free` is when each of the workers is; without any task, when the last of them is.
    """
    ends = list(free)
    heapify(ends)
    for length in lengths:
        heapreplace(ends, ends[0] + length)
    return max(ends, default=0.0)


@dataclass
class _Mean:
    """Seconds for each unit, a weighted mean."""

    seconds: float = 0.0
    units: float = 0.0

    def add(self, seconds: float, units: float, *, weight: float) -> None:
        self.seconds += weight * seconds
        self.units += weight * units

    @property
    def value(self) -> float | None:
        return self.seconds / self.units if self.units else None


@dataclass(frozen=True)
class _UnderWay:
    """A run since its last note, or its beginning, and the steps between its last two notes."""

    task: Task
    since: float
    step: int = 0
    stride: int = 0
    is_noted: bool = False
    pace: _Mean = field(default_factory=_Mean)

    @property
    def is_evaluated(self) -> bool:
        return self.task.trained or self.step >= self.task.steps

    def steps_left(self, now: float, pace: float) -> float:
        """As of now, believing that it goes on at this pace up to where a note is due."""
        since_then = min((now - self.since) / pace, self.stride) if pace else 0.0
        return max(0.0, self.task.steps - self.step - since_then)
