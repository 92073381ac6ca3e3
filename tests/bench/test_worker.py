"""A worker heeds its parent and does not outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from disbench import worker
from disbench.outcomes import Outcome
from disbench.worker import GOING, finish_in_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.runs import Run

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
print(child.pid, flush=True)
time.sleep(100)
"""
CHILD = """
import os, sys, time
from pathlib import Path
from disbench import worker
worker.GRACE_SECONDS = float(sys.argv[2])
if sys.argv[3] == "idle":
    worker._idle.set()
worker._end_with(os.getppid(), Path(sys.argv[1]))
print("watching", flush=True)
time.sleep(100)
"""


class Task:
    """What `finish_in_worker` needs to know of a cell."""

    def __init__(self, run: Run) -> None:
        self.run = run


@pytest.fixture
def handlers() -> Iterator[None]:
    """Leave the handlers of signals as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch, handlers: None) -> list[bool]:  # noqa: ARG001
    """What each cell is told when it asks whether to stop."""
    told: list[bool] = []

    def finish(cell: Cell, *, stop: Callable[[], bool], **_: object) -> Outcome:
        told.append(stop())
        return Outcome(cell.run, "done", 1.0)

    monkeypatch.setattr(worker, "finish", finish)
    monkeypatch.setattr(worker, "_end_with", lambda *_: None)
    return told


def _finish(session: Path, run: Run, *, parent: int | None = None) -> Outcome:
    cell: Any = Task(run)
    parent = os.getppid() if parent is None else parent
    worker.begin(session, parent, {})
    return finish_in_worker(cell, session, parent)


def test_it_goes_on_for_as_long_as_the_session(
    stops: list[bool], tmp_path: Path, make_run: Callable[..., Run]
) -> None:
    (tmp_path / GOING).touch()
    assert _finish(tmp_path, make_run()).status == "done"
    assert stops == [False]
    (tmp_path / GOING).unlink()
    _finish(tmp_path, make_run())
    assert stops == [False, True]


def test_it_stops_when_its_parent_is_another(
    stops: list[bool], tmp_path: Path, make_run: Callable[..., Run]
) -> None:
    (tmp_path / GOING).touch()
    _finish(tmp_path, make_run(), parent=os.getppid() + 1)
    assert stops == [True]


def test_it_stops_at_sigterm_and_leaves_ctrl_c_to_its_parent(
    tmp_path: Path,
    make_run: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    handlers: None,  # noqa: ARG001
) -> None:
    (tmp_path / GOING).touch()
    told: list[bool] = []

    def finish(cell: Cell, *, stop: Callable[[], bool], **_: object) -> Outcome:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
            told.append(stop())
        return Outcome(cell.run, "stopped", 1.0)

    monkeypatch.setattr(worker, "finish", finish)
    monkeypatch.setattr(worker, "_end_with", lambda *_: None)
    _finish(tmp_path, make_run())
    assert told == [False, True]


def test_cell_is_noted_while_it_is_under_way(
    tmp_path: Path,
    make_run: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    handlers: None,  # noqa: ARG001
) -> None:
    (tmp_path / GOING).touch()
    notes: list[bool] = []

    def finish(cell: Cell, **_: object) -> Outcome:
        notes.append((tmp_path / cell.run.id).exists())
        return Outcome(cell.run, "done", 1.0)

    monkeypatch.setattr(worker, "finish", finish)
    monkeypatch.setattr(worker, "_end_with", lambda *_: None)
    _finish(tmp_path, make_run())
    assert notes == [True]
    assert [path.name for path in tmp_path.iterdir()] == [GOING]


@pytest.mark.usefixtures("handlers")
def test_what_was_seen_of_a_run_is_handed_on(
    tmp_path: Path, make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def finish(cell: Cell, *, seen: object, **_: object) -> Outcome:
        given.append(seen)
        return Outcome(cell.run, "done", 1.0)

    monkeypatch.setattr(worker, "finish", finish)
    cell, seen = Task(make_run()), ("codes", "pictures")
    finish_in_worker(cell, tmp_path, os.getppid(), seen)  # type: ignore[arg-type]
    finish_in_worker(cell, tmp_path, os.getppid())  # type: ignore[arg-type]
    assert given == [seen, None]


@pytest.mark.parametrize(
    ("was_told", "grace", "state"),
    [(True, "1000", "busy"), (False, "0.5", "busy"), (False, "1000", "idle")],
)
def test_it_does_not_outlive_its_parent(
    was_told: bool,  # noqa: FBT001 - drawn by name
    grace: str,
    state: str,
    tmp_path: Path,
) -> None:
    """It gives a cell the time to get to a checkpoint; without one it has nothing to wait for."""
    going = tmp_path / GOING
    if not was_told:
        going.touch()
    parent = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", PARENT, CHILD, str(going), grace, state], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert int(parent.stdout.readline()) > 0
    assert parent.stdout.readline() == b"watching\n"
    parent.kill()
    parent.wait()
    # The pipe that both write to ends when the child has ended, too.
    assert parent.stdout.read() == b""
    parent.stdout.close()
