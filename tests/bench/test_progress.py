"""What a person reads while a grid is trained."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console, Group

from disbench import progress, watch
from disbench.outcomes import Outcome
from disbench.plan import make_plan
from disbench.progress import Bars, Lines, Silent, display_for, ending
from disbench.records import LossRecord
from disbench.run_folder import Progress
from disbench.runs import Run
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.plan import Plan
    from disbench.study import Study


SCORES = {"mig/exact": 0.5}
TRAINED = (LossRecord(100, 1, 1, 1),)


class Clock:
    """The seconds that a test says have passed."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watch.time, "monotonic", clock)
    return clock


@pytest.fixture
def plan(tmp_path: Path, make_study: Callable[..., Study]) -> Plan:
    """Four runs of 100 steps: an autoencoder and a beta-VAE of two seeds each."""
    study = make_study(seeds=2, training={"steps": 100})
    Store(tmp_path).open_for(study)
    return make_plan(study, tmp_path, device="cpu")


def _console(*, terminal: bool = False) -> Console:
    return Console(record=True, width=80, file=io.StringIO(), force_terminal=terminal)


def _note(store: Store, run: Run, phase: str, step: int, kl: float = 12.34) -> None:
    store.begun(run).path.mkdir(exist_ok=True)
    (store.unfinished / f"{run.id}.lock").touch()
    note = {"phase": phase, "step": step, "reconstruction": 123.45, "kl": kl}
    store.begun(run).write_progress(Progress.model_validate(note))


def _printed(rendered: Group, *, width: int = 120) -> list[str]:
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(rendered)
    return [line.rstrip() for line in console.export_text().splitlines() if line.strip()]


def test_ending_in_a_line(make_run: Callable[..., Run]) -> None:
    run = make_run()
    assert ending(Outcome(run, "done", 61)) == "beta_vae, beta 4, seed 0: done in 1 min 01 s"
    assert ending(Outcome(run, "diverged", 3)) == "beta_vae, beta 4, seed 0: diverged in 3 s"
    failed = Outcome(run, "failed", 3, "ValueError: no")
    assert ending(failed) == "beta_vae, beta 4, seed 0: failed: ValueError: no"
    worse = Outcome(run, "failed", 3, "ValueError: a\nb\x1b[2J")
    assert ending(worse) == r"beta_vae, beta 4, seed 0: failed: ValueError: a\nb\x1b[2J"


def test_lines_count_and_look_ahead(
    plan: Plan, clock: Clock, write_run: Callable[..., object]
) -> None:
    """The first takes 12.25 s to train for 100 steps, and 7.75 s to score: so may the others."""
    console, store = _console(), Store(plan.directory)
    display = Lines(console)
    runs = [cell.run for cell in plan.cells]
    with display.showing(plan, store, jobs=1):
        clock.now += 20
        write_run(store, runs[0], SCORES, losses=TRAINED, scoring_seconds=7.75)
        display.ended(Outcome(runs[0], "done", 20))
        clock.now += 5
        display.ended(Outcome(runs[2], "failed", 5, "ValueError: [red]no[/]"))
        clock.now += 10
        _note(store, runs[1], "training", 60)
        display.ended(Outcome(runs[3], "diverged", 10))
    assert console.export_text().splitlines() == [
        "[1/4] ae, seed 0: done in 20 s; about 1 min 00 s left",
        "[2/4] beta_vae, beta 4, seed 0: failed: ValueError: [red]no[/]; 1 failed; about 40 s left",
        "[3/4] beta_vae, beta 4, seed 1: diverged in 10 s; 1 failed; about 13 s left",
    ]


def test_lines_say_nothing_of_the_time_that_is_not_known(plan: Plan, clock: Clock) -> None:
    console = _console()
    display = Lines(console)
    with display.showing(plan, Store(plan.directory), jobs=1):
        clock.now += 5
        display.ended(Outcome(plan.cells[0].run, "failed", 5, "ValueError: no"))
    assert console.export_text() == "[1/4] ae, seed 0: failed: ValueError: no; 1 failed\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.2, "about 0 s left"),
        (119.4, "about 1 min 59 s left"),
        (124, "about 2 min left"),
        (307, "about 5 min 10 s left"),
        (1234, "about 21 min left"),
        (12_010, "about 3 h 20 min left"),
        (100_000, "about 27 h 50 min left"),
    ],
)
def test_time_left_stands_still_for_a_while(seconds: float | None, words: str) -> None:
    assert progress._time_left(seconds) == words


def test_bars_show_runs_under_way_and_the_total(
    plan: Plan, clock: Clock, write_run: Callable[..., object]
) -> None:
    display, store = Bars(_console(terminal=True)), Store(plan.directory)
    with display.showing(plan, store, jobs=3):
        first, second, third, _ = (cell.run for cell in plan.cells)
        _note(store, second, "training", 20, kl=float("nan"))
        _note(store, third, "training", 10)
        display.render()
        clock.now += 30
        write_run(store, first, SCORES, losses=TRAINED, scoring_seconds=7.75)
        display.ended(Outcome(first, "done", 20))
        _note(store, second, "scoring", 100, kl=float("nan"))
        _note(store, third, "training", 70)
        rendered = display.render()
    head, *lines = _printed(rendered)
    assert " ".join(head.split()) == "rec, KL: nats per image step steps/s rec KL"
    assert len(lines) == 3
    assert lines[0].startswith("ae, seed 1")
    assert lines[0].split()[-2:] == ["scoring", f"{123.45:.1f}"]
    assert lines[1].startswith("beta_vae, beta 4, seed 0")
    assert lines[1].split()[-4:] == ["70/100", "2.0", f"{123.45:.1f}", "12.3"]
    # 100 + 60 steps took 12.25 + 30 s, and scoring one run 7.75 s: the last, which has not begun,
    # takes 26.4 + 7.75 s.
    assert lines[2].startswith("1 of 4 runs")
    assert lines[2].endswith("30 s about 34 s left")


def test_bars_fit_in_80_columns(
    tmp_path: Path, make_study: Callable[..., Study], clock: Clock
) -> None:
    """No line is folded, and none moves as the numbers grow."""
    objectives = [{"name": "beta_vae", "beta": [16]}]
    study = make_study(objectives=objectives, seeds=[10], training={"steps": 300_000})
    plan, store = make_plan(study, tmp_path, device="cpu"), Store(tmp_path)
    store.open_for(study)
    display = Bars(_console(terminal=True))
    run = plan.cells[0].run
    pictures = []
    with display.showing(plan, store, jobs=1):
        for step in (0, 300, 299_700):
            clock.now += step / 123
            _note(store, run, "training", step, kl=2345.67)
            pictures.append(_printed(display.render(), width=80))
    assert [len(lines) for lines in pictures] == [3, 3, 3]
    head, row, _ = pictures[-1]
    assert head.split()[-4:] == ["step", "steps/s", "rec", "KL"]
    assert row.startswith("beta_vae, beta 16, seed 10 ")
    assert row.split()[-4:] == ["299700/300000", "123", "123.5", "2345.7"]
    assert len({lines[0] for lines in pictures}) == 1
    assert len(row) == len(pictures[0][1]) <= 80


def test_label_that_is_too_long_is_cut_and_not_folded(
    plan: Plan, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "label", "of a name that is longer than anybody would want it to be")
    display, store = Bars(_console(terminal=True)), Store(plan.directory)
    with display.showing(plan, store, jobs=1):
        clock.now += 5
        _note(store, plan.cells[0].run, "training", 20)
        [_, row, _] = _printed(display.render(), width=80)
    assert row.startswith("of a name that is longer")
    assert "\u2026" in row
    assert row.split()[-3:] == ["20/100", f"{123.45:.1f}", "12.3"]


def test_bars_leave_room_for_the_total(
    plan: Plan, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal of six lines two of four runs are shown."""
    console = _console(terminal=True)
    monkeypatch.setattr(console, "height", 6)
    display, store = Bars(console), Store(plan.directory)
    with display.showing(plan, store, jobs=4):
        clock.now += 5
        for cell in plan.cells:
            _note(store, cell.run, "training", 20)
        lines = _printed(display.render())
    assert len(lines) == 5
    assert lines[3] == "and 2 more under way"
    assert lines[4].startswith("0 of 4 runs")


def test_bars_count_the_failed(plan: Plan, clock: Clock) -> None:
    display = Bars(_console(terminal=True))
    with display.showing(plan, Store(plan.directory), jobs=1):
        clock.now += 5
        display.ended(Outcome(plan.cells[0].run, "failed", 5, "ValueError: no"))
        [line] = _printed(display.render())
    assert line.startswith("1 of 4 runs 1 failed")


def test_bars_leave_out_what_is_not_in_the_plan(
    plan: Plan, clock: Clock, make_run: Callable[..., Run]
) -> None:
    display, store = Bars(_console(terminal=True)), Store(plan.directory)
    with display.showing(plan, store, jobs=1):
        _note(store, make_run(seed=77), "training", 3)
        first = plan.cells[0].run
        _note(store, first, "training", 100)
        display.ended(Outcome(first, "done", 1))
        (store.unfinished / f"{plan.cells[1].run.id}.lock").touch()  # no note as yet
        rendered = display.render()
    [line] = _printed(rendered)
    assert line.startswith("1 of 4 runs")
    assert clock.now == 1000


def test_bars_survive_a_note_that_is_not_readable(plan: Plan, clock: Clock) -> None:
    display, store = Bars(_console(terminal=True)), Store(plan.directory)
    with display.showing(plan, store, jobs=1):
        _note(store, plan.cells[0].run, "training", 3)
        (store.begun(plan.cells[0].run).path / "progress.json").write_text("{")
        clock.now += 5
        rendered = display.render()
    [line] = _printed(rendered)
    assert line.startswith("0 of 4 runs")
    assert line.endswith(" 5 s")


def test_bars_print_how_each_run_ended(plan: Plan) -> None:
    console = _console(terminal=True)
    display = Bars(console)
    with display.showing(plan, Store(plan.directory), jobs=1):
        display.ended(Outcome(plan.cells[0].run, "failed", 1, "ValueError: [red]no[/]"))
    assert "ae, seed 0: failed: ValueError: [red]no[/]" in console.export_text()


def test_bars_are_for_terminals() -> None:
    assert isinstance(display_for(_console(terminal=True)), Bars)
    assert isinstance(display_for(_console()), Lines)


def test_library_is_silent(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    display = Silent()
    with display.showing(plan, Store(plan.directory), jobs=1):
        display.ended(Outcome(plan.cells[0].run, "done", 1))
    assert capsys.readouterr() == ("", "")


def test_baselines_are_shown_without_steps(
    tmp_path: Path, make_study: Callable[..., Study], clock: Clock
) -> None:
    study = make_study(baselines=["random_projection", "ica"], objectives=[])
    plan, store = make_plan(study, tmp_path, device="cpu"), Store(tmp_path)
    store.open_for(study)
    first, second = (cell.run for cell in plan.cells)
    console = _console(terminal=True)
    display = Bars(console)
    with display.showing(plan, store, jobs=2):
        clock.now += 3
        _note(store, first, "fitting", 0)
        _note(store, second, "scoring", 0)
        lines = _printed(display.render(), width=80)
        display.ended(Outcome(second, "done", 7))
    assert [len(line) <= 80 for line in lines] == [True] * 4
    assert lines[1].split()[:3] == ["random_projection,", "seed", "0"]
    assert "fitting" in lines[1]
    assert "scoring" in lines[2]
    assert "0/0" not in "".join(lines)
    assert "ica, seed 0: done in 7 s" in console.export_text()
