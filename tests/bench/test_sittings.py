"""A checkpoint is written when it is due, and when a run is to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from disbench import sittings
from disbench.checkpoints import Checkpoints
from disbench.claims import TakenError
from disbench.provenance import provenance
from disbench.sittings import Interval, Sittings, StoppedError
from disbench.store import Store
from disbench.training import Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from disbench.runs import Run
    from disbench.study import Study


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time that it shows."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sittings.time, "monotonic", clock)
    return clock


@pytest.fixture
def start(
    tmp_path: Path, make_study: Callable[..., Study], make_run: Callable[..., Run]
) -> Iterator[Callable[..., Sittings]]:
    store = Store(tmp_path)
    store.open_for(make_study())
    run = make_run()
    with store.claimed(run) as claim:

        def make(interval: Interval, stop: Callable[[], bool] = lambda: False) -> Sittings:
            made = Sittings(run, store, interval, claim, stop, [])
            made.begin()
            made.resume(provenance("cpu"))
            return made

        yield make


def _steps_kept(made: Sittings) -> list[int]:
    folder = made.store.begun(made.run).path
    checkpoints = Checkpoints(made.run, folder)
    return [checkpoints.read(path)[0].step for path in checkpoints.paths()]


def _moment(step: int) -> Callable[[], Moment]:
    return lambda: Moment(step, {"x": torch.zeros(1)})


@pytest.mark.parametrize(
    ("interval", "steps", "seconds", "is_over"),
    [
        (Interval(steps=10), 9, 1e9, False),
        (Interval(steps=10), 10, 0, True),
        (Interval(seconds=60), 10**9, 59.9, False),
        (Interval(seconds=60), 1, 60, True),
        (Interval(steps=10, seconds=60), 1, 60, True),
        (Interval(), 10**9, 1e9, False),
    ],
)
def test_interval_is_over_after_so_many_steps_or_seconds(
    interval: Interval,
    steps: int,
    seconds: float,
    is_over: bool,  # noqa: FBT001 - drawn by name
) -> None:
    assert interval.is_over(steps=steps, seconds=seconds) == is_over


def test_checkpoints_are_so_many_steps_apart(start: Callable[..., Sittings]) -> None:
    made = start(Interval(steps=3))
    kept = []
    for step in range(1, 10):
        made.after_step(step, _moment(step))
        kept.append(_steps_kept(made)[:1])
    assert kept == [[], [], [3], [3], [3], [6], [6], [6], [9]]


def test_checkpoints_are_so_many_seconds_apart(
    start: Callable[..., Sittings], clock: Clock
) -> None:
    made = start(Interval(seconds=60))
    for step, now in ((1, 1059), (2, 1061), (3, 1120), (4, 1121)):
        clock.now = now
        made.after_step(step, _moment(step))
    assert _steps_kept(made) == [4, 2]


def test_no_moment_is_made_that_is_not_kept(start: Callable[..., Sittings]) -> None:
    """Its tensors would be copied from a GPU."""

    def moment() -> Moment:
        raise AssertionError("made for nothing")

    start(Interval(steps=3)).after_step(1, moment)


def test_run_that_is_to_stop_is_left_at_a_checkpoint(start: Callable[..., Sittings]) -> None:
    made = start(Interval(seconds=1e9), stop=lambda: True)
    with pytest.raises(StoppedError):
        made.after_step(5, _moment(5))
    assert _steps_kept(made) == [5]
    with pytest.raises(StoppedError):
        made.check()


def test_run_that_another_has_taken_is_not_written(start: Callable[..., Sittings]) -> None:
    made = start(Interval(steps=1))
    made.claim.lost.set()
    with pytest.raises(TakenError):
        made.after_step(5, _moment(5))
    assert _steps_kept(made) == []
    with pytest.raises(TakenError):
        made.check()


def test_seconds_of_all_sittings_are_counted(start: Callable[..., Sittings], clock: Clock) -> None:
    first = start(Interval(steps=1))
    clock.now += 100
    first.after_step(1, _moment(1))
    clock.now += 10_000  # lost with what came after the checkpoint
    second = start(Interval(steps=1))
    clock.now += 7
    sitting = second.sitting()
    assert sitting.seconds == 107
    assert sitting.started == first.sitting().started
    assert sitting.earlier == ()


def test_what_was_left_half_written_is_removed(start: Callable[..., Sittings]) -> None:
    made = start(Interval(steps=1))
    half = made.store.begun(made.run).path / ".losses.csv.x.csv"
    half.touch()
    made.begin()
    assert not half.exists()


@pytest.mark.parametrize(("n", "seconds"), [(1, 120), (4, 30)])
def test_time_is_shared_by_runs_that_train_together(
    n: int, seconds: float, start: Callable[..., Sittings], clock: Clock
) -> None:
    made = start(Interval())
    made.share(n)
    clock.now += 120
    assert made.sitting().seconds == seconds
