"""Each cell comes to one end, whatever becomes of its workers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from disbench import rounds
from disbench.errors import WriteError
from disbench.outcomes import Outcome
from disbench.plan import make_plan
from disbench.rounds import outcomes
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path
    from typing import Self

    from disbench.cells import Cell
    from disbench.study import Study


class Scripted:
    """An executor whose cells end as a script says, by seed; with none left, they are done."""

    jobs = 2

    def __init__(self, script: dict[int, list[str]]) -> None:
        self.script = script
        self.is_stopping = False
        self.rounds: list[tuple[list[int], bool]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def stop(self) -> None:
        """Stop."""
        self.is_stopping = True

    def outcomes(self, cells: Sequence[Cell], *, alone: bool = False) -> Generator[Outcome]:
        """Follow the script; a cell whose word is '' was not begun."""
        self.rounds.append(([cell.run.seed for cell in cells], alone))
        for cell in cells:
            words = self.script.get(cell.run.seed, [])
            status: Any = words.pop(0) if words else "done"
            if status:
                yield Outcome(cell.run, status, 1.0, "full" if status == "halted" else "")


class Noting(Scripted):
    """One whose outcomes have a note each."""

    def outcomes(self, cells: Sequence[Cell], *, alone: bool = False) -> Generator[Outcome]:
        """Follow the script, with notes."""
        for outcome in super().outcomes(cells, alone=alone):
            yield replace(outcome, notes=(f"{outcome.run.seed} {outcome.status}",))


@pytest.fixture
def cells(make_study: Callable[..., Study], tmp_path: Path) -> tuple[Cell, ...]:
    study = make_study(seeds=4, objectives=[{"name": "ae"}])
    Store(tmp_path).open_for(study)
    return make_plan(study, tmp_path, device="cpu").cells


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "POLL_SECONDS", 0.01)


def _ends(cells: Sequence[Cell], executor: Scripted) -> list[tuple[int, str]]:
    return [(outcome.run.seed, outcome.status) for outcome in outcomes(cells, executor)]


def test_cells_that_end_are_done(cells: tuple[Cell, ...]) -> None:
    executor = Scripted({1: ["diverged"], 2: ["failed"]})
    assert _ends(cells, executor) == [(0, "done"), (1, "diverged"), (2, "failed"), (3, "done")]
    assert executor.rounds == [([0, 1, 2, 3], False)]


def test_those_that_were_not_begun_are_next(cells: tuple[Cell, ...]) -> None:
    executor = Scripted({1: ["killed"], 2: [""], 3: [""]})
    assert _ends(cells, executor) == [(0, "done"), (1, "done"), (2, "done"), (3, "done")]
    assert executor.rounds == [([0, 1, 2, 3], False), ([1, 2, 3], False)]


def test_run_that_dies_too_often_is_tried_alone_and_then_failed(cells: tuple[Cell, ...]) -> None:
    executor = Scripted({1: ["killed"] * 3, 2: ["killed"] * 2})
    ends = _ends(cells, executor)
    assert Counter(ends) == Counter([(0, "done"), (1, "failed"), (2, "done"), (3, "done")])
    assert executor.rounds[2:] == [([1], True), ([2], True)]
    [failure] = Store(cells[0].directory).failed().values()
    assert failure.run.seed == 1
    assert "killed 3 times, the last time alone" in failure.error
    assert "fewer --jobs" in failure.error


def test_run_that_is_told_to_stop_too_often_is_not_said_to_be_killed(
    cells: tuple[Cell, ...],
) -> None:
    assert (1, "failed") in _ends(cells, Scripted({1: ["stopped"] * 3}))
    [failure] = Store(cells[0].directory).failed().values()
    assert failure.error.startswith("it was told to stop 3 times")


def test_notes_of_every_outcome_are_told(cells: tuple[Cell, ...]) -> None:
    told: list[str] = []
    list(outcomes(cells, Noting({1: ["killed"]}), on_note=told.append))
    assert sorted(told) == ["0 done", "1 done", "1 killed", "2 done", "3 done"]


def test_deaths_do_not_count_for_a_run_that_gets_further(
    cells: tuple[Cell, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On machines that come and go, a long run may lose many workers."""
    step = iter(range(100, 10_000, 100))
    monkeypatch.setattr(rounds, "_step_reached", lambda _: next(step))
    executor = Scripted({1: ["killed"] * 20})
    assert (1, "done") in _ends(cells, executor)
    assert not any(alone for _, alone in executor.rounds)


def test_worker_that_was_told_to_end_is_one_that_died(cells: tuple[Cell, ...]) -> None:
    """A SIGTERM to it alone: nobody has told the executor to stop."""
    assert (1, "done") in _ends(cells, Scripted({1: ["stopped"]}))


def test_stop_is_an_interruption_once_all_have_come_to_an_end(cells: tuple[Cell, ...]) -> None:
    executor = Scripted({1: ["stopped"], 2: ["stopped"], 3: [""]})
    ended = []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the first one asks to stop
        for outcome in outcomes(cells, executor):
            executor.stop()
            ended.append(outcome.run.seed)
    assert ended == [0]
    assert len(executor.rounds) == 1


def test_what_cannot_be_written_ends_the_grid(cells: tuple[Cell, ...]) -> None:
    executor = Scripted({1: ["halted"], 2: ["stopped"]})
    found = outcomes(cells, executor)
    assert [next(found).run.seed for _ in range(2)] == [0, 3]
    with pytest.raises(WriteError, match="full"):
        next(found)
    assert executor.is_stopping


def test_runs_of_others_are_waited_for(
    cells: tuple[Cell, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: set[int] = set()
    monkeypatch.setattr(rounds, "is_done", lambda cell: cell.run.seed in done)
    store = Store(cells[0].directory)
    claim = store.claim(cells[1].run)
    assert claim.take()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            done.add(1)
            claim.leave()

    monkeypatch.setattr(rounds.time, "sleep", sleep)
    executor = Scripted({1: ["elsewhere"]})
    assert _ends(cells, executor)[-1] == (1, "elsewhere")
    assert len(waits) == 3
    assert len(executor.rounds) == 1


def test_runs_that_others_leave_undone_are_done_here(
    cells: tuple[Cell, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(cells[0].directory)
    claim = store.claim(cells[1].run)
    assert claim.take()
    monkeypatch.setattr(rounds.time, "sleep", lambda _: claim.leave())
    executor = Scripted({1: ["elsewhere"]})
    assert _ends(cells, executor)[-1] == (1, "done")
    assert executor.rounds[-1] == ([1], False)


def test_stop_ends_the_wait_for_others(
    cells: tuple[Cell, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = Scripted({1: ["elsewhere"] * 1000})
    claim = Store(cells[0].directory).claim(cells[1].run)
    assert claim.take()
    monkeypatch.setattr(rounds.time, "sleep", lambda _: executor.stop())
    with pytest.raises(KeyboardInterrupt):
        _ends(cells, executor)
    claim.leave()
