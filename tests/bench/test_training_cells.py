"""The cells of a cohort are trained into their folders, or each is told why it was not."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file

from disbench import sittings, training, training_cells
from disbench.checkpoints import Checkpoints
from disbench.claims import TakenError
from disbench.cohort_training import train_together
from disbench.plan import make_plan
from disbench.provenance import provenance
from disbench.sittings import Interval, Sittings, StoppedError
from disbench.store import Store
from disbench.training import Moment
from disbench.training_cells import CHECKPOINT_SHARE, train_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.dsprites import PackedImages
    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.study import Study
    from disbench.training_cells import Left


@pytest.fixture(autouse=True)
def every_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of the losses after every other step."""
    monkeypatch.setattr(training, "MIN_INTERVAL", 2)


@pytest.fixture
def make_cells(tmp_path: Path, make_study: Callable[..., Study]) -> Callable[..., list[Cell]]:
    """So many cells of one cohort, of five steps."""

    def make(n: int, name: str = "results", **changes: Any) -> list[Cell]:
        definition = {"seeds": n, "objectives": [{"name": "beta_vae", "beta": [4]}]} | changes
        study = make_study(
            model={"network": "burgess"}, training={"steps": 5, "batch_size": 2}, **definition
        )
        Store(tmp_path / name).open_for(study)
        return list(make_plan(study, tmp_path / name, device="cpu").cells)

    return make


def _go_on() -> bool:
    return False


def _stop_after(n: int) -> Callable[[], bool]:
    """Told to stop when it is asked again after so many times."""
    asked = iter([False] * n)
    return lambda: next(asked, True)


def _folder(cell: Cell) -> RunFolder:
    return Store(cell.directory).begun(cell.run)


def _steps_kept(cell: Cell) -> list[int]:
    checkpoints = Checkpoints(cell.run, _folder(cell).path)
    return [checkpoints.read(path)[0].step for path in checkpoints.paths()]


def _statuses(left: Left) -> dict[int, str]:
    return {outcome.run.seed: outcome.status for outcome in left.outcomes}


def _bits(cell: Cell) -> dict[str, Any]:
    weights = load_file(_folder(cell).weights)
    return {name: weight.numpy().tobytes() for name, weight in weights.items()}


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the cohorts that were to be trained."""
    sizes: list[int] = []

    def train(runs: Sequence[Run], *arguments: Any, **options: Any) -> Any:
        sizes.append(len(runs))
        return train_together(runs, *arguments, **options)

    monkeypatch.setattr(training_cells, "train_together", train)
    return sizes


def test_runs_are_trained_into_their_folders(
    make_cells: Callable[..., list[Cell]], whole: PackedImages
) -> None:
    cells = make_cells(2)
    assert train_cells(cells, stop=_go_on).outcomes == []
    expected = train_together([cell.run for cell in cells], whole, device="cpu")
    for cell, trained in zip(cells, expected, strict=True):
        folder = _folder(cell)
        record, progress = folder.training(), folder.progress()
        assert record is not None
        assert record.run == cell.run
        assert (record.status, record.steps_done, record.channels) == ("done", 5, 1)
        assert record.provenance == provenance("cpu")
        assert folder.losses() == list(trained.losses)
        state = trained.model.state_dict()
        assert _bits(cell) == {name: w.numpy().tobytes() for name, w in state.items()}
        assert progress is not None
        assert (progress.phase, progress.step) == ("encoding", 5)


def test_time_is_shared_by_the_runs_of_a_cohort(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(sittings.time, "monotonic", lambda: now[0])

    def train(*arguments: Any, **options: Any) -> Any:
        now[0] += 120
        return train_together(*arguments, **options)

    monkeypatch.setattr(training_cells, "train_together", train)
    cells = make_cells(3)
    train_cells(cells, stop=_go_on)
    records = [_folder(cell).training() for cell in cells]
    assert [record.seconds for record in records if record is not None] == [40, 40, 40]


def test_runs_that_are_trained_are_not_trained_again(
    make_cells: Callable[..., list[Cell]], tried: list[int]
) -> None:
    """Those that were not begun are."""
    cells = make_cells(3)
    train_cells(cells[:1], stop=_go_on)
    before = _bits(cells[0])
    assert train_cells(cells, stop=_go_on).outcomes == []
    assert tried == [1, 2]
    assert _bits(cells[0]) == before
    assert all(_folder(cell).is_trained for cell in cells)


def test_runs_stop_at_a_checkpoint_and_go_on_to_the_same_bits(
    make_cells: Callable[..., list[Cell]],
) -> None:
    """Each is asked once before it begins, and all once after a record."""
    straight, cells = make_cells(2, "straight"), make_cells(2)
    train_cells(straight, stop=_go_on)
    for n, step in ((2, 2), (2, 4)):
        left = train_cells(cells, stop=_stop_after(n))
        assert _statuses(left) == {0: "stopped", 1: "stopped"}
        assert [_steps_kept(cell)[0] for cell in cells] == [step, step]
        assert not any(_folder(cell).is_trained for cell in cells)
    assert train_cells(cells, stop=_go_on).outcomes == []
    assert [_bits(cell) for cell in cells] == [_bits(cell) for cell in straight]
    for ours, theirs in zip(cells, straight, strict=True):
        assert _folder(ours).losses() == _folder(theirs).losses()


def test_nothing_is_begun_after_a_word_to_stop(make_cells: Callable[..., list[Cell]]) -> None:
    cells = make_cells(2)
    assert _statuses(train_cells(cells, stop=lambda: True)) == {0: "stopped", 1: "stopped"}
    assert not any(_folder(cell).path.exists() for cell in cells)


def test_runs_that_were_left_at_other_steps_go_on_apart(
    make_cells: Callable[..., list[Cell]], tried: list[int]
) -> None:
    cells = make_cells(3)
    train_cells(cells[:2], stop=_stop_after(2))
    assert train_cells(cells, stop=_go_on).outcomes == []
    assert tried == [2, 1, 2]
    assert all(_folder(cell).is_trained for cell in cells)


def test_a_cohort_that_does_not_fit_is_halved(
    make_cells: Callable[..., list[Cell]], tried: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = training_cells.train_together

    def train(runs: Sequence[Run], *arguments: Any, **options: Any) -> Any:
        if len(runs) > 2:
            tried.append(len(runs))
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return inner(runs, *arguments, **options)

    monkeypatch.setattr(training_cells, "train_together", train)
    cells = make_cells(5)
    assert train_cells(cells, stop=_go_on).outcomes == []
    assert tried == [5, 3, 2, 1, 2]
    assert all(_folder(cell).is_trained for cell in cells)


def test_what_did_not_fit_is_gone_before_its_halves_are_tried(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error holds on to all that there was where it was raised."""
    left: list[weakref.ref[torch.Tensor]] = []
    there: list[bool] = []

    def train(runs: Sequence[Run], *_: Any, **__: Any) -> Any:
        gc.collect()
        there.append(any(reference() is not None for reference in left))
        large = torch.zeros(len(runs))
        left.append(weakref.ref(large))
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(training_cells, "train_together", train)
    train_cells(make_cells(2), stop=_go_on)
    assert there == [False, False, False]


def test_a_run_that_does_not_fit_alone_has_failed(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(*_: Any, **__: Any) -> Any:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(training_cells, "train_together", train)
    cells = make_cells(2)
    left = train_cells(cells, stop=_go_on)
    assert _statuses(left) == {0: "failed", 1: "failed"}
    assert all("give it more memory" in outcome.error for outcome in left.outcomes)


def test_an_error_fails_all_of_its_cohort_with_a_record(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the device is gone")

    monkeypatch.setattr(training_cells, "train_together", train)
    cells = make_cells(2)
    left = train_cells(cells, stop=_go_on)
    assert _statuses(left) == {0: "failed", 1: "failed"}
    assert {outcome.error for outcome in left.outcomes} == {"RuntimeError: the device is gone"}
    failures = Store(cells[0].directory).failed()
    assert failures.keys() == {cell.run.id for cell in cells}
    assert all("the device is gone" in failure.traceback for failure in failures.values())


def test_a_run_that_another_has_is_elsewhere(make_cells: Callable[..., list[Cell]]) -> None:
    cells = make_cells(3)
    with Store(cells[1].directory).claimed(cells[1].run):
        left = train_cells(cells, stop=_go_on)
    assert _statuses(left) == {1: "elsewhere"}
    assert [_folder(cell).is_trained for cell in cells] == [True, False, True]


def test_a_run_that_another_has_taken_meanwhile_is_not_kept(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was thought dead; the others go on."""
    real = Sittings.save

    def save(self: Sittings, step: int, moment: Moment) -> None:
        if self.run.seed == 1:
            raise TakenError
        real(self, step, moment)

    monkeypatch.setattr(Sittings, "save", save)
    cells = [replace(cell, checkpoint=Interval(steps=1)) for cell in make_cells(3)]
    assert _statuses(train_cells(cells, stop=_go_on)) == {1: "elsewhere"}
    assert [_folder(cell).is_trained for cell in cells] == [True, False, True]


def test_claims_are_left_at_the_end(make_cells: Callable[..., list[Cell]]) -> None:
    [cell] = make_cells(1)
    train_cells([cell], stop=_go_on)
    with Store(cell.directory).claimed(cell.run):
        assert _folder(cell).is_trained


def test_a_checkpoint_that_does_not_fit_is_set_aside(
    make_cells: Callable[..., list[Cell]], tried: list[int]
) -> None:
    """Its run begins again; the other goes on from its own."""
    cells = make_cells(2)
    train_cells(cells, stop=_stop_after(2))
    store = Store(cells[1].directory)
    with store.claimed(cells[1].run) as claim:
        one = Sittings(cells[1].run, store, cells[1].checkpoint, claim, _go_on, [])
        one.begin()
        one.resume(provenance("cpu"))
        for path in Checkpoints(cells[1].run, _folder(cells[1]).path).paths():
            path.unlink()
        one.save(2, Moment(2, {"x": torch.zeros(1)}))
    tried.clear()
    left = train_cells(cells, stop=_go_on)
    assert left.outcomes == []
    assert {run_id: len(notes) for run_id, notes in left.notes.items()} == {
        cells[0].run.id: 0,
        cells[1].run.id: 1,
    }
    assert tried == [2, 1, 1, 1]
    assert all(_folder(cell).is_trained for cell in cells)
    assert len(list(store.damaged.iterdir())) == 1


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time that it shows."""
        return self.now


class Slow:
    """Sittings whose checkpoints, which are always due, take two seconds each."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.saved: list[int] = []

    def is_due(self, step: int) -> bool:
        """Whether it is time for a checkpoint."""
        return step > 0

    def save(self, step: int, _: Moment) -> None:
        """Take the time."""
        self.saved.append(step)
        self.clock.now += 2


def _moments(n: int) -> dict[int, Callable[[], Moment]]:
    return {place: lambda: Moment(0, {}) for place in range(n)}


def test_checkpoints_of_all_runs_are_of_one_step(make_cells: Callable[..., list[Cell]]) -> None:
    """Also if they are due for one of them only."""
    cells = make_cells(2)
    cells[1] = replace(cells[1], checkpoint=Interval(steps=2))
    train_cells(cells, stop=_stop_after(3))
    kept = [_steps_kept(cell) for cell in cells]
    assert kept[0] == kept[1]
    assert kept[0][-1] == 2


def test_checkpoints_take_no_more_than_their_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four seconds for two runs: the next are written 120 seconds later."""
    clock = Clock()
    monkeypatch.setattr(training_cells.time, "monotonic", clock)
    both: Any = [SimpleNamespace(sittings=Slow(clock), lost=False) for _ in range(2)]
    checkpoints = training_cells._Checkpoints(both, _go_on)
    for step in range(1, 200):
        clock.now += 1
        checkpoints.after_steps(step, _moments(2))
    assert CHECKPOINT_SHARE == 1 / 30
    assert both[0].sittings.saved == both[1].sittings.saved == [1, 121]


def test_a_word_to_stop_has_them_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(training_cells.time, "monotonic", clock)
    one: Any = SimpleNamespace(sittings=Slow(clock), lost=False)
    asked = iter([False, True])
    checkpoints = training_cells._Checkpoints([one], lambda: next(asked))
    checkpoints.after_steps(1, _moments(1))
    with pytest.raises(StoppedError):
        checkpoints.after_steps(2, _moments(1))
    assert one.sittings.saved == [1, 2]


def test_a_run_that_has_ended_or_is_lost_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(training_cells.time, "monotonic", clock)
    three: Any = [SimpleNamespace(sittings=Slow(clock), lost=place == 1) for place in range(3)]
    moments = _moments(3)
    del moments[2]
    training_cells._Checkpoints(three, _go_on).after_steps(1, moments)
    assert [each.sittings.saved for each in three] == [[1], [], []]


def test_a_run_that_diverges_is_kept_as_such(make_cells: Callable[..., list[Cell]]) -> None:
    cells = make_cells(1, objectives=[{"name": "beta_vae", "beta": [4, 1e39]}])
    assert train_cells(cells, stop=_go_on).outcomes == []
    records = [_folder(cell).training() for cell in cells]
    found = {(r.run.beta, r.status, r.steps_done) for r in records if r is not None}
    assert found == {(4, "done", 5), (1e39, "diverged", 2)}


def test_baselines_with_a_network_are_fitted(make_cells: Callable[..., list[Cell]]) -> None:
    cells = make_cells(2, baselines=["untrained"])
    fitted = [cell for cell in cells if cell.run.is_baseline]
    assert len(fitted) == 2
    assert train_cells(fitted, stop=_go_on).outcomes == []
    assert all(_folder(cell).is_trained for cell in fitted)


def test_an_error_where_a_run_is_begun_leaves_the_others_alone(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells, begin = make_cells(2), Sittings.begin

    def broken(self: Sittings) -> RunFolder:
        if self.run.seed == 0:
            raise RuntimeError("the folder is gone")
        return begin(self)

    monkeypatch.setattr(Sittings, "begin", broken)
    left = train_cells(cells, stop=_go_on)
    assert _statuses(left) == {0: "failed"}
    assert _folder(cells[1]).is_trained


def test_a_run_that_is_trained_is_let_go_of(make_cells: Callable[..., list[Cell]]) -> None:
    """Whoever scores it can have it while the others train."""
    trained, other = make_cells(2)
    train_cells([trained], stop=_go_on)
    free = []

    def claimed() -> bool:
        with Store(trained.directory).claimed(trained.run):
            free.append(True)
        return False

    train_cells([trained, other], stop=lambda: bool(_folder(other).progress()) and claimed())
    assert free


def test_a_run_that_cannot_be_kept_fails_alone(
    make_cells: Callable[..., list[Cell]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells, keep = make_cells(2), training_cells.keep

    def broken(made: Any, cell: Cell, *others: Any) -> Any:
        if cell.run.seed == 0:
            raise RuntimeError("nowhere to write")
        return keep(made, cell, *others)

    monkeypatch.setattr(training_cells, "keep", broken)
    assert _statuses(train_cells(cells, stop=_go_on)) == {0: "failed"}
    assert _folder(cells[1]).is_trained
