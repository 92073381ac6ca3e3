"""The time left is told truly, on a clock that the tests turn."""

from __future__ import annotations

from heapq import heapreplace
from typing import NamedTuple

import numpy as np
import pytest

from disbench import forecast
from disbench.forecast import Forecast, Task

STEPS, INTERVAL, STEP_SECONDS = 2000, 50, 0.01
GRIDS = [(1, 1), (4, 4), (5, 4), (7, 2), (13, 2), (40, 16)]


class Told(NamedTuple):
    """What was said at a moment; all in shares of the whole time that the grid takes."""

    at: float
    total: float | None
    a_run_has_ended: bool


class Simulated(NamedTuple):
    """A run as it will go: from `start`, with the seconds of each interval and of scoring."""

    task: Task
    start: float
    intervals: np.ndarray
    scoring: float

    @property
    def end(self) -> float:
        """When it is over."""
        return self.start + float(self.intervals.sum()) + self.scoring

    def step(self, now: float) -> int:
        """The step that its note tells at a time."""
        return INTERVAL * int(np.searchsorted(self.intervals.cumsum(), now - self.start, "right"))


def _grid(n_runs: int, jobs: int, share: float, rng: np.random.Generator) -> list[Simulated]:
    """A third are autoencoders, whose scores take less; runs and their intervals differ in pace."""
    free = [0.0] * jobs
    runs = []
    for i in range(n_runs):
        kind = "ae" if i < n_runs // 3 else "beta_vae"
        pace = STEP_SECONDS * rng.uniform(0.95, 1.05)
        intervals = pace * INTERVAL * rng.uniform(0.9, 1.1, STEPS // INTERVAL)
        scoring = STEPS * STEP_SECONDS * share / (1 - share) * rng.uniform(0.95, 1.05)
        task = Task(f"run {i}", kind, STEPS)
        runs.append(Simulated(task, free[0], intervals, scoring * (0.8 if kind == "ae" else 1)))
        heapreplace(free, runs[-1].end)
    return runs


def _told(runs: list[Simulated], jobs: int, *, at_ends_only: bool = False) -> list[Told]:
    """What is said at 200 moments, or of these only where a run has ended just now."""
    whole = max(run.end for run in runs)
    forecast = Forecast([run.task for run in runs], jobs=jobs, now=0.0)
    told, open_runs = [], sorted(runs, key=lambda run: run.end)
    for now in np.linspace(0, whole, 201)[1:-1]:
        n_open = len(open_runs)
        while open_runs and open_runs[0].end <= now:
            _end(forecast, open_runs.pop(0), now)
        if at_ends_only and len(open_runs) == n_open:
            continue
        for run in open_runs:
            if run.start <= now:
                forecast.noted(run.task.run_id, run.step(now), now=now)
        left = forecast.left(now)
        assert left is None or 0 <= left < np.inf
        total = None if left is None else (now + left) / whole
        told.append(Told(now / whole, total, len(open_runs) < len(runs)))
    return told


def _end(forecast: Forecast, run: Simulated, now: float) -> None:
    run_id, training = run.task.run_id, float(run.intervals.sum())
    forecast.trained(run_id, steps=STEPS, seconds=training, now=now)
    forecast.evaluated(run_id, seconds=run.scoring, now=now)
    forecast.ended(run_id, now=now)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.15, 0.2, 0.25])
@pytest.mark.parametrize(("n_runs", "jobs"), GRIDS)
def test_total_is_right_within_a_fifth_after_a_tenth(n_runs: int, jobs: int, share: float) -> None:
    for seed in range(2):
        told = _told(_grid(n_runs, jobs, share, np.random.default_rng(seed)), jobs)
        assert all(t.total == pytest.approx(1, abs=0.2) for t in told if t.at >= 0.1)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
@pytest.mark.parametrize(("n_runs", "jobs"), GRIDS)
@pytest.mark.parametrize("at_ends_only", [False, True])
def test_total_is_right_within_a_fifth_once_a_run_has_ended(
    n_runs: int, jobs: int, share: float, *, at_ends_only: bool
) -> None:
    """Also where scoring takes half of the time, and where nobody looks but as runs end."""
    for seed in range(2):
        runs = _grid(n_runs, jobs, share, np.random.default_rng(seed))
        told = _told(runs, jobs, at_ends_only=at_ends_only)
        assert all(t.total == pytest.approx(1, abs=0.2) for t in told if t.a_run_has_ended)


@pytest.mark.parametrize(("n_runs", "jobs"), [(12, 4), (13, 2), (40, 16)])
def test_total_does_not_jump(n_runs: int, jobs: int) -> None:
    """From one moment to the next, a 200th of the time, it moves by less than 4 % of the time."""
    told = _told(_grid(n_runs, jobs, 0.15, np.random.default_rng(0)), jobs)
    totals = [t.total for t in told if t.at >= 0.1 and t.total is not None]
    assert np.abs(np.diff(totals)).max() < 0.04


def _forecast(n_runs: int, jobs: int, *, trained: bool = False) -> Forecast:
    tasks = [Task(str(i), "vae", 100, trained=trained) for i in range(n_runs)]
    return Forecast(tasks, jobs=jobs, now=0.0)


def test_last_round_leaves_workers_idle() -> None:
    """Of five runs of 100 + 20 s on two workers the third round has one: 360 s in all."""
    forecast = _forecast(5, 2)
    for run_id in ("0", "1"):
        forecast.trained(run_id, steps=100, seconds=100, now=120)
        forecast.evaluated(run_id, seconds=20, now=120)
        forecast.ended(run_id, now=120)
    assert forecast.left(120) == pytest.approx(240)
    assert [task.run_id for task in forecast.under_way] == ["2", "3"]


def test_first_guess_of_scoring_is_a_share_of_the_run() -> None:
    forecast = _forecast(1, 1)
    forecast.noted("0", 0, now=5)
    forecast.noted("0", 50, now=105)  # 2 s a step
    assert forecast.left(105) == pytest.approx(100 + 200 * 0.13 / 0.87)


def test_steps_since_the_last_note_are_believed_up_to_the_next() -> None:
    forecast = _forecast(1, 1)
    forecast.noted("0", 0, now=5)
    forecast.noted("0", 20, now=25)
    guess = 100 * 0.13 / 0.87
    assert forecast.left(35) == pytest.approx(70 + guess)
    assert forecast.left(45) == pytest.approx(60 + guess)
    assert forecast.left(99) == pytest.approx(60 + guess)  # a note was due at 45


def test_recent_pace_counts_for_more() -> None:
    """400 steps of 1 s, then 200 of 2 s: the mean of all is 1.33 s, and 1.6 s are believed."""
    forecast = Forecast([Task("0", "vae", 1000)], jobs=1, now=0.0)
    for step in range(0, 401, 10):
        forecast.noted("0", step, now=step)
    for step in range(410, 601, 10):
        forecast.noted("0", step, now=400 + 2 * (step - 400))
    left = forecast.left(800)
    guess = 0.13 / 0.87 * 1000
    assert left is not None
    assert left / (400 + guess) == pytest.approx(1.6, abs=0.05)


def test_scoring_under_way_is_dated_back_where_nobody_looked() -> None:
    """Seen at 160 s, the last step of 1 s each was at 100 s: of 80 s of scoring 20 s are left."""
    forecast = _forecast(2, 2)
    forecast.trained("0", steps=100, seconds=100, now=160)
    forecast.evaluated("0", seconds=80, now=160)
    forecast.ended("0", now=160)
    forecast.noted("1", 100, now=160)
    assert forecast.left(160) == pytest.approx(20)


def test_start_of_a_process_is_no_part_of_the_pace() -> None:
    forecast = _forecast(1, 1)
    forecast.noted("0", 0, now=1000)
    forecast.noted("0", 50, now=1050)
    assert forecast.left(1050) == pytest.approx(50 + 100 * 0.13 / 0.87)


def test_run_that_goes_on_from_a_later_step_teaches_no_pace_by_that() -> None:
    forecast = _forecast(1, 1)
    forecast.noted("0", 80, now=1)
    assert forecast.left(1) is None
    assert forecast.rate("0") is None


def test_trained_runs_count_as_scoring_only() -> None:
    """Of four on two workers the first took 30 s, and the second is 7.5 s late by a guess."""
    forecast = _forecast(4, 2, trained=True)
    assert forecast.left(10) is None
    forecast.evaluated("0", seconds=30, now=30)
    forecast.ended("0", now=30)
    assert forecast.left(30) == pytest.approx(7.5 + 30)
    forecast.ended("1", now=31)
    assert forecast.left(31) == pytest.approx(30)


def test_trained_runs_do_not_wait_for_what_new_ones_take() -> None:
    """Scoring of runs trained before is a kind of its own, once one has ended."""
    tasks = [Task("0", "vae, trained", 100, trained=True), Task("1", "vae", 100)]
    forecast = Forecast([*tasks, Task("2", "vae, trained", 100, trained=True)], jobs=1, now=0.0)
    forecast.evaluated("0", seconds=5, now=5)
    forecast.ended("0", now=5)
    forecast.trained("1", steps=100, seconds=100, now=125)
    forecast.evaluated("1", seconds=20, now=125)
    forecast.ended("1", now=125)
    assert forecast.left(125) == pytest.approx(5)


def test_scoring_that_takes_longer_than_guessed_is_expected_of_all() -> None:
    """After 100 s of scoring, 25 s more are expected, and 125 s of the runs that wait."""
    forecast = _forecast(2, 1)
    for step in (0, 50, 100):
        forecast.noted("0", step, now=step)
    assert forecast.left(200) == pytest.approx(25 + 100 + 125)


def test_failed_run_teaches_nothing_and_frees_its_worker() -> None:
    forecast = _forecast(3, 1)
    forecast.ended("0", now=1)
    assert forecast.left(1) is None
    assert [task.run_id for task in forecast.under_way] == ["1"]


def test_all_ended_leave_nothing() -> None:
    forecast = _forecast(1, 1)
    forecast.ended("0", now=1)
    assert forecast.left(1) == 0
    assert forecast.under_way == ()
    forecast.noted("0", 3, now=2)
    forecast.evaluated("of another grid", seconds=1, now=2)
    assert forecast.left(2) == 0


def test_rate_is_that_of_the_run() -> None:
    forecast = _forecast(2, 2)
    for run_id in ("0", "1"):
        forecast.noted(run_id, 0, now=0)
    forecast.noted("0", 10, now=5)
    forecast.noted("1", 50, now=5)
    assert forecast.rate("0") == pytest.approx(2)
    assert forecast.rate("1") == pytest.approx(10)
    assert forecast.rate("of another grid") is None


def test_nothing_is_learnt_at_the_start_of_the_clock() -> None:
    forecast = _forecast(1, 1)
    forecast.noted("0", 0, now=0)
    forecast.noted("0", 10, now=0)
    assert forecast.left(0) is None


def test_long_queue_is_told_as_truly_as_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time as if every task were put into its place, and in no time that grows with them."""
    tasks = [Task(f"run {i}", "ae" if i % 3 else "vae", STEPS + i % 2) for i in range(2000)]
    told = []
    for limit in (forecast.LONG_QUEUE, 10**9):
        monkeypatch.setattr(forecast, "LONG_QUEUE", limit)
        queue = Forecast(tasks, jobs=7, now=0.0)
        for i in range(7):
            queue.noted(f"run {i}", 0, now=0.0)
            queue.noted(f"run {i}", STEPS // 2, now=10.0 + i)
        queue.ended("run 0", now=30.0)
        told.append(queue.left(30.0))
    assert told[0] == pytest.approx(told[1], rel=0.005)
