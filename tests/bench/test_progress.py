"""What a person reads while a grid is trained."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console, Group

from disbench import progress
from disbench.cells import Outcome
from disbench.plan import make_plan
from disbench.progress import Bars, Lines, Silent, display_for, duration, ending
from disbench.run_folder import Progress
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.plan import Plan
    from disbench.runs import Run
    from disbench.study import Study


class Clock:
    """The seconds that a test says have passed."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
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
    folder = store.runs / f".partial-{run.id}@host@1"
    folder.mkdir(exist_ok=True)
    note = {"phase": phase, "step": step, "reconstruction": 123.45, "kl": kl}
    (folder / "progress.json").write_text(Progress.model_validate(note).model_dump_json())


def _printed(rendered: Group) -> list[str]:
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(rendered)
    return [line.rstrip() for line in console.export_text().splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (43, "43 s"),
        (59.6, "1 min 00 s"),
        (307, "5 min 07 s"),
        (3599, "59 min 59 s"),
        (3599.7, "1 h 00 min"),
        (12_000, "3 h 20 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_duration_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_ending_in_a_line(make_run: Callable[..., Run]) -> None:
    run = make_run()
    assert ending(Outcome(run, "done", 61)) == "beta_vae, beta 4, seed 0: done in 1 min 01 s"
    assert ending(Outcome(run, "diverged", 3)) == "beta_vae, beta 4, seed 0: diverged in 3 s"
    failed = Outcome(run, "failed", 3, "ValueError: no")
    assert ending(failed) == "beta_vae, beta 4, seed 0: failed: ValueError: no"


def test_lines_count_and_look_ahead(plan: Plan, clock: Clock) -> None:
    console = _console()
    display = Lines(console)
    with display.showing(plan, Store(plan.directory)):
        clock.now += 10
        display.ended(Outcome(plan.cells[0].run, "done", 10))
        clock.now += 50
        display.ended(Outcome(plan.cells[2].run, "failed", 50, "ValueError: [red]no[/]"))
    assert console.export_text().splitlines() == [
        "[1/4] ae, seed 0: done in 10 s; about 30 s left",
        "[2/4] beta_vae, beta 4, seed 0: failed: ValueError: [red]no[/]; about 1 min 00 s left",
    ]


def test_bars_show_runs_under_way_and_the_total(plan: Plan, clock: Clock) -> None:
    display, store = Bars(_console(terminal=True)), Store(plan.directory)
    with display.showing(plan, store):
        first, second, third, _ = (cell.run for cell in plan.cells)
        _note(store, second, "training", 20, kl=float("nan"))
        _note(store, third, "training", 10)
        display.render()
        clock.now += 30
        display.ended(Outcome(first, "done", 30))
        _note(store, second, "scoring", 100, kl=float("nan"))
        _note(store, third, "training", 70)
        rendered = display.render()
    lines = _printed(rendered)
    assert len(lines) == 3
    assert lines[0].startswith("ae, seed 1")
    assert lines[0].endswith(f"reconstruction {123.45:.1f}")
    assert " scoring " in lines[0]
    assert lines[1].startswith("beta_vae, beta 4, seed 0")
    assert "70/100" in lines[1]
    assert " 2/s " in lines[1]
    assert lines[1].endswith("KL 12.3")
    # 1 run, and 94 % of 100 and of 70 steps of 100, out of 4 runs: 64.95 % in 30 s.
    assert lines[2].startswith("1 of 4 runs")
    assert lines[2].endswith("30 s about 16 s left")


def test_bars_leave_out_what_is_not_in_the_plan(
    plan: Plan, clock: Clock, make_run: Callable[..., Run]
) -> None:
    display, store = Bars(_console(terminal=True)), Store(plan.directory)
    with display.showing(plan, store):
        _note(store, make_run(seed=77), "training", 3)
        first = plan.cells[0].run
        _note(store, first, "training", 100)
        display.ended(Outcome(first, "done", 1))
        (store.runs / f".partial-{plan.cells[1].run.id}@host@2").mkdir()  # no note as yet
        rendered = display.render()
    [line] = _printed(rendered)
    assert line.startswith("1 of 4 runs")
    assert clock.now == 1000


def test_bars_survive_a_note_that_is_not_readable(plan: Plan, clock: Clock) -> None:
    display, store = Bars(_console(terminal=True)), Store(plan.directory)
    with display.showing(plan, store):
        _note(store, plan.cells[0].run, "training", 3)
        [folder] = store.runs.iterdir()
        (folder / "progress.json").write_text("{")
        clock.now += 5
        rendered = display.render()
    [line] = _printed(rendered)
    assert line.startswith("0 of 4 runs")
    assert line.endswith(" 5 s")


def test_bars_print_how_each_run_ended(plan: Plan) -> None:
    console = _console(terminal=True)
    display = Bars(console)
    with display.showing(plan, Store(plan.directory)):
        display.ended(Outcome(plan.cells[0].run, "failed", 1, "ValueError: [red]no[/]"))
    assert "ae, seed 0: failed: ValueError: [red]no[/]" in console.export_text()


def test_bars_are_for_terminals() -> None:
    assert isinstance(display_for(_console(terminal=True)), Bars)
    assert isinstance(display_for(_console()), Lines)


def test_library_is_silent(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    display = Silent()
    with display.showing(plan, Store(plan.directory)):
        display.ended(Outcome(plan.cells[0].run, "done", 1))
    assert capsys.readouterr() == ("", "")
