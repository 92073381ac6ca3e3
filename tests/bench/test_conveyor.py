"""Cohorts are trained while what is trained is scored, and nothing is scored that is not."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from disbench import conveyor, finishing, training
from disbench.cells import is_done
from disbench.conveyor import look, scored_while_training
from disbench.finishing import finish
from disbench.outcomes import Outcome
from disbench.plan import make_plan
from disbench.seeing import loaded, see
from disbench.store import Store
from disbench.training_cells import Left, train_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.study import Study

PLENTY = 10**15

pytestmark = pytest.mark.usefixtures("quick_evaluation")


@pytest.fixture(autouse=True)
def every_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of the losses after every other step."""
    monkeypatch.setattr(training, "MIN_INTERVAL", 2)


@pytest.fixture
def make_cells(tmp_path: Path, make_study: Callable[..., Study]) -> Callable[..., list[Cell]]:
    """The cells of a study of runs of four steps."""

    def make(**changes: Any) -> list[Cell]:
        study = make_study(
            model={"network": "burgess"}, training={"steps": 4, "batch_size": 2}, **changes
        )
        Store(tmp_path / "results").open_for(study)
        return list(make_plan(study, tmp_path / "results", device="cpu").cells)

    return make


def _go_on() -> bool:
    return False


def _score(cells: Sequence[Cell]) -> Generator[Outcome]:
    """As workers do, one after the other."""
    for cell in cells:
        yield finish(cell, seen=look(cell))


def _finished(cells: Sequence[Cell], **options: Any) -> dict[str, str]:
    """How each run ended, by its label."""
    options = {"stop": _go_on, "free_bytes": PLENTY} | options
    outcomes = scored_while_training(cells, _score, **options)
    return {outcome.run.label: outcome.status for outcome in outcomes}


def _trained_copy(cell: Cell, directory: Path) -> Cell:
    """A cell elsewhere, of whose run there is what its training has left."""
    copy = replace(cell, directory=directory)
    store = Store(directory)
    store.make_folders()
    begun = store.begun(cell.run).path
    shutil.copytree(Store(cell.directory).folder(cell.run).path, begun)
    for path in begun.iterdir():
        if path.name not in {"training.json", "losses.csv", "model.safetensors"}:
            path.unlink()
    return copy


def _scores(cell: Cell) -> list[tuple[str, float]]:
    record = Store(cell.directory).folder(cell.run).evaluation()
    assert record is not None
    return [(score.path, score.value) for score in record.scores]


def test_all_cells_are_finished(make_cells: Callable[..., list[Cell]]) -> None:
    """Two objectives, which are two cohorts, and baselines with and without a network."""
    cells = make_cells(seeds=2, baselines=["factors", "untrained"])
    found = _finished(cells)
    assert found == {cell.run.label: "done" for cell in cells}
    assert len(found) == len(cells) >= 6
    assert all(is_done(cell) for cell in cells)
    assert not list(Store(cells[0].directory).unfinished.iterdir())


def test_scores_are_those_of_finishing_alone(
    make_cells: Callable[..., list[Cell]], tmp_path: Path
) -> None:
    """Of the same weights: also codes and pictures, to the bit."""
    cells = make_cells(evaluation={"save_codes": True})
    _finished(cells)
    for number, cell in enumerate(cells):
        alone = _trained_copy(cell, tmp_path / str(number))
        assert finish(alone).status == "done"
        assert _scores(alone) == _scores(cell)
        ours, theirs = (Store(c.directory).folder(c.run).path for c in (cell, alone))
        for name in ("codes.h5", "pictures.h5", "details.h5"):
            assert (ours / name).read_bytes() == (theirs / name).read_bytes()


def test_a_run_that_diverges_is_done_with(make_cells: Callable[..., list[Cell]]) -> None:
    """The GPU sees nothing of it."""
    cells = make_cells(objectives=[{"name": "beta_vae", "beta": [4, 1e39]}])
    assert sorted(_finished(cells).values()) == ["diverged", "done"]
    seen = {cell.run.beta: look(cell) for cell in cells}
    assert seen[1e39] is None
    assert seen[4] is not None


def test_nothing_is_seen_of_what_is_not_trained(make_cells: Callable[..., list[Cell]]) -> None:
    """Or has no network, or damaged weights: whoever scores it says so."""
    cells = make_cells(objectives=[{"name": "beta_vae", "beta": [4]}], baselines=["factors"])
    assert [look(cell) for cell in cells] == [None, None]
    [cell] = [cell for cell in cells if cell.run.has_network]
    train_cells([cell], stop=_go_on)
    assert look(cell) is not None
    Store(cell.directory).begun(cell.run).weights.write_bytes(b"damaged")
    assert look(cell) is None


def test_what_is_seen_are_the_codes_of_the_trained_weights(
    make_cells: Callable[..., list[Cell]],
) -> None:
    """In the folder of a run that is begun as in that of one that is finished."""
    [_, cell] = make_cells()
    train_cells([cell], stop=_go_on)
    begun = look(cell)
    assert finish(cell, seen=begun).status == "done"
    finished = look(cell)
    expected = see(cell, loaded(cell, Store(cell.directory).folder(cell.run)))
    for seen in (begun, finished):
        assert seen is not None
        assert np.array_equal(seen.codes.mean, expected.codes.mean)
        assert seen.evaluation == expected.evaluation


def test_what_was_seen_is_not_looked_at_again(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its codes are scored and kept as they are handed over."""
    [_, cell] = make_cells(evaluation={"save_codes": True})
    train_cells([cell], stop=_go_on)
    seen = look(cell)
    assert seen is not None
    moved = replace(seen.codes, mean=seen.codes.mean + 1)
    monkeypatch.setattr(finishing, "see", None)
    assert finish(cell, seen=seen._replace(codes=moved)).status == "done"
    with h5py.File(Store(cell.directory).folder(cell.run).path / "codes.h5") as file:
        assert np.array_equal(file["mean"], moved.mean)


def test_a_cohort_is_trained_while_another_is_scored(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is begun before the scoring of the first ends."""
    begun: list[Event] = [Event(), Event()]
    places = iter(begun)
    seen: list[bool] = []

    def train(cells: Sequence[Cell], *, stop: Callable[[], bool]) -> Left:
        del cells, stop
        next(places).set()
        return Left([], {})

    def score(cells: Sequence[Cell]) -> Generator[Outcome]:
        for cell in cells:
            seen.append(begun[1].wait(30))
            yield Outcome(cell.run, "done", 1.0)

    monkeypatch.setattr(conveyor, "train_cells", train)
    cells = make_cells()
    outcomes = scored_while_training(cells, score, stop=_go_on, free_bytes=PLENTY)
    assert [outcome.run.id for outcome in outcomes] == [cell.run.id for cell in cells]
    assert seen == [True, True]


def test_cohorts_are_of_as_many_runs_as_fit(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def train(cells: Sequence[Cell], *, stop: Callable[[], bool]) -> Left:
        del stop
        sizes.append(len(cells))
        return Left([Outcome(cell.run, "stopped", 0.0) for cell in cells], {})

    monkeypatch.setattr(conveyor, "train_cells", train)
    cells = make_cells(seeds=3, objectives=[{"name": "beta_vae", "beta": [4]}])
    assert set(_finished(cells, free_bytes=1).values()) == {"stopped"}
    assert set(_finished(cells).values()) == {"stopped"}
    assert sizes == [1, 1, 1, 3]


def test_runs_that_were_not_trained_are_not_scored(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found on the way is told of both."""
    scored: list[str] = []

    def train(cells: Sequence[Cell], *, stop: Callable[[], bool]) -> Left:
        del stop
        notes = {cell.run.id: ("found",) for cell in cells}
        return Left([Outcome(cells[0].run, "failed", 0.0, "gone")], notes)

    def score(cells: Sequence[Cell]) -> Generator[Outcome]:
        for cell in cells:
            scored.append(cell.run.label)
            yield Outcome(cell.run, "done", 1.0, notes=("scored",))

    monkeypatch.setattr(conveyor, "train_cells", train)
    cells = make_cells(seeds=2, objectives=[{"name": "beta_vae", "beta": [4]}])
    outcomes = list(scored_while_training(cells, score, stop=_go_on, free_bytes=PLENTY))
    assert [outcome.status for outcome in outcomes] == ["failed", "done"]
    assert scored == [cells[1].run.label]
    assert [outcome.notes for outcome in outcomes] == [("found",), ("found", "scored")]


def test_a_word_to_stop_stops_them_all(make_cells: Callable[..., list[Cell]]) -> None:
    cells = make_cells(seeds=2)
    stopping: list[bool] = []

    def score(some: Sequence[Cell]) -> Generator[Outcome]:
        yield from ()
        stopping.append(bool(some))

    outcomes = list(scored_while_training(cells, score, stop=lambda: True, free_bytes=PLENTY))
    assert [outcome.status for outcome in outcomes] == ["stopped"] * 4
    assert not any(stopping)
    assert not list(Store(cells[0].directory).unfinished.iterdir())


def test_what_is_closed_early_trains_no_further_and_can_be_gone_on_with(
    make_cells: Callable[..., list[Cell]],
) -> None:
    """A second cohort is told to stop, and nothing that was trained is lost."""
    told: list[bool] = []

    def train(cells: Sequence[Cell], *, stop: Callable[[], bool]) -> Left:
        while told and not stop() and len(waits) < 3000:  # the second one, half a minute at most
            waits.append(time.sleep(0.01))
        told.append(stop())
        return train_cells(cells, stop=stop)

    waits: list[None] = []
    cells = make_cells()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conveyor, "train_cells", train)
        outcomes = scored_while_training(cells, _score, stop=_go_on, free_bytes=PLENTY)
        assert next(outcomes).status == "done"
        outcomes.close()
    assert told == [False, True]
    assert [is_done(cell) for cell in cells] == [True, False]
    assert set(_finished(cells).values()) == {"done"}
