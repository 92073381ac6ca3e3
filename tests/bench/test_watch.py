"""What is seen of a plan that is carried out, from the notes and records in its directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from disbench import watch
from disbench.outcomes import Outcome
from disbench.plan import make_plan
from disbench.records import LossRecord
from disbench.store import Store
from disbench.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.study import Study

TRAINED = (LossRecord(100, 1, 1, 1),)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be changed in place."""
    time = [1000.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: time[0])
    return time


@pytest.fixture
def study(make_study: Callable[..., Study]) -> Study:
    """Two autoencoders and two beta-VAEs of 100 steps."""
    return make_study(seeds=2, training={"steps": 100})


def test_trained_runs_are_shown_and_counted_as_scoring(
    study: Study, tmp_path: Path, write_run: Callable[..., Any], now: list[float]
) -> None:
    """The records say 12.25 s of training, which were before; 3 s of scoring are left of each."""
    store = Store(tmp_path)
    for cell in make_plan(study, tmp_path, device="cpu").cells:
        write_run(store, cell.run, losses=TRAINED)
    plan = make_plan(study, tmp_path, device="cpu")
    seen = Watch(plan, store, jobs=2)
    assert [(run.label, note.phase) for run, note in seen.look()] == [
        ("ae, seed 0", "scoring"),
        ("ae, seed 1", "scoring"),
    ]
    assert seen.left() is None
    now[0] += 3
    seen.ended(Outcome(plan.cells[0].run, "done", 3))
    seen.ended(Outcome(plan.cells[1].run, "done", 3))
    assert seen.left() == pytest.approx(3)
    assert seen.elapsed == 3
    assert [run.label for run, _ in seen.look()] == [c.run.label for c in plan.cells[2:]]


def test_scoring_is_what_a_run_took_beside_its_training(
    study: Study, tmp_path: Path, write_run: Callable[..., Any], now: list[float]
) -> None:
    """20 s, 12.25 s of which were training: the next was trained by now, and has 7.75 s left."""
    store = Store(tmp_path)
    plan = make_plan(study, tmp_path, device="cpu")
    seen = Watch(plan, store, jobs=1)
    now[0] += 20
    write_run(store, plan.cells[0].run, {"mig/exact": 0.5}, losses=TRAINED, scoring_seconds=7.75)
    seen.ended(Outcome(plan.cells[0].run, "done", 20))
    assert seen.left() == pytest.approx(60)
    now[0] += 12.25
    begun = store.begun(plan.cells[1].run)
    begun.path.mkdir()
    (store.unfinished / f"{plan.cells[1].run.id}.lock").touch()
    note = watch.Progress(phase="encoding", step=100, reconstruction=1, kl=1)
    begun.write_progress(note)
    assert seen.look() == [(plan.cells[1].run, note)]
    assert seen.left() == pytest.approx(7.75 + 40)


def test_run_that_went_on_from_a_checkpoint_does_not_shorten_the_scoring(
    study: Study, tmp_path: Path, write_run: Callable[..., Any], now: list[float]
) -> None:
    """Most of its 12.25 s of training were before: it took 9 s now, 7.75 s of which to score."""
    store = Store(tmp_path)
    plan = make_plan(study, tmp_path, device="cpu")
    seen = Watch(plan, store, jobs=1)
    now[0] += 9
    write_run(store, plan.cells[0].run, {"mig/exact": 0.5}, losses=TRAINED, scoring_seconds=7.75)
    seen.ended(Outcome(plan.cells[0].run, "done", 9))
    assert seen.left() == pytest.approx(60)


def test_run_that_another_process_did_teaches_nothing(
    study: Study, tmp_path: Path, write_run: Callable[..., Any], now: list[float]
) -> None:
    store = Store(tmp_path)
    plan = make_plan(study, tmp_path, device="cpu")
    seen = Watch(plan, store, jobs=1)
    now[0] += 20
    write_run(store, plan.cells[0].run, {"mig/exact": 0.5}, losses=TRAINED)
    seen.ended(Outcome(plan.cells[0].run, "elsewhere", 0))
    assert (seen.n_ended, seen.n_failed, seen.left()) == (1, 0, None)


def test_failed_runs_are_counted(study: Study, tmp_path: Path) -> None:
    plan = make_plan(study, tmp_path, device="cpu")
    seen = Watch(plan, Store(tmp_path), jobs=1)
    seen.ended(Outcome(plan.cells[0].run, "failed", 1, "ValueError: no"))
    seen.ended(Outcome(plan.cells[1].run, "diverged", 1))
    assert (seen.n_runs, seen.n_ended, seen.n_failed) == (4, 2, 1)


def test_damaged_record_does_not_end_the_display(
    study: Study, tmp_path: Path, write_run: Callable[..., Any], now: list[float]
) -> None:
    store = Store(tmp_path)
    plan = make_plan(study, tmp_path, device="cpu")
    seen = Watch(plan, store, jobs=1)
    now[0] += 20
    folder = write_run(store, plan.cells[0].run, losses=TRAINED)
    (folder.path / "training.json").write_text("{")
    seen.ended(Outcome(plan.cells[0].run, "done", 20))
    assert seen.n_ended == 1
    assert seen.left() is None
