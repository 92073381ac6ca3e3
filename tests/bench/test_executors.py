"""Cells of a GPU are trained in this process, and scored over others with what it has seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from disbench import executors
from disbench.executors import Local
from disbench.outcomes import Outcome
from disbench.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.study import Study


@pytest.fixture
def cells(make_study: Callable[..., Study], tmp_path: Path) -> list[Cell]:
    """Two cells for a GPU."""
    plan = make_plan(make_study(), tmp_path, device="cpu")
    return [replace(cell, device="cuda") for cell in plan.cells]


@pytest.mark.parametrize(("alone", "jobs"), [(False, 3), (True, 1)])
def test_cells_of_a_gpu_are_trained_in_cohorts_and_scored_by_workers(
    alone: bool,  # noqa: FBT001 - drawn by name
    jobs: int,
    cells: list[Cell],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its free memory, a word to stop, and a look at each before it is scored."""
    given: dict[str, Any] = {}

    def trained(some: Sequence[Cell], score: Any, **options: Any) -> Generator[Outcome]:
        given.update(options)
        yield from score(some)

    def over_processes(
        _: Local, some: Sequence[Cell], *, jobs: int, look: Any
    ) -> Generator[Outcome]:
        given.update(jobs=jobs, look=look)
        yield from (Outcome(cell.run, "done", 1.0) for cell in some)

    monkeypatch.setattr(executors, "scored_while_training", trained)
    monkeypatch.setattr(executors, "free_gpu_bytes", lambda: 12345)
    monkeypatch.setattr(Local, "_over_processes", over_processes)
    with Local(3) as executor:
        assert len(list(executor.outcomes(cells, alone=alone))) == 2
        assert (given["free_bytes"], given["jobs"]) == (12345, jobs)
        assert given["look"] is executors.look
        assert given["stop"]() is False
        executor.stop()
        assert given["stop"]() is True


def test_no_worker_is_begun_for_nothing(cells: list[Cell]) -> None:
    with Local(2) as executor:
        assert list(executor._over_processes(cells[:0], jobs=2)) == []
        assert not executor._has_workers


def test_workers_are_sent_what_is_seen_when_they_are_sent_it(cells: list[Cell]) -> None:
    """So that what is seen of all runs is never in memory at once."""
    looked: list[str] = []

    def look(cell: Cell) -> Any:
        looked.append(cell.run.id)
        return f"seen of {cell.run.id}"

    with Local(2) as executor:
        sent: dict[str, Cell] = {}
        tasks = executor._tasks(cells, sent, look)
        _, arguments, _ = next(tasks)
        assert looked == [cells[0].run.id] == list(sent)
        assert arguments[-1] == f"seen of {cells[0].run.id}"
        _, arguments, _ = next(executor._tasks(cells, {}, None))
        assert arguments[-1] is None
