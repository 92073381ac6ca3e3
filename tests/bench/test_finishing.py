"""A cell is finished once; what is missing is done, what is there stays as it is."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from disbench import cells, finishing, keeping, sittings, training
from disbench.checkpoints import Checkpoints, Sitting
from disbench.dsprites import GRIDS
from disbench.encoding import encode
from disbench.finishing import finish
from disbench.metrics.protocols import PROTOCOLS
from disbench.plan import make_plan
from disbench.sittings import Interval
from disbench.store import Store
from disbench.tables import tabulate
from disbench.trainer import initial_model
from disbench.training import Moment, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.dsprites import PackedImages
    from disbench.records import EvaluationRecord
    from disbench.study import Study

TRAINED = ("training.json", "losses.csv", "model.safetensors")


def _cells(study: Study, directory: Path) -> tuple[Cell, ...]:
    Store(directory).open_for(study)
    return make_plan(study, directory, device="cpu").cells


def _evaluation(cell: Cell) -> EvaluationRecord:
    record = Store(cell.directory).folder(cell.run).evaluation()
    assert record is not None
    return record


def _bytes(cell: Cell, *names: str) -> dict[str, tuple[bytes, int]]:
    folder = Store(cell.directory).folder(cell.run).path
    files = [folder / name for name in names] if names else sorted(folder.iterdir())
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture(scope="module")
def finished(
    make_study: Callable[..., Study],
    tmp_path_factory: pytest.TempPathFactory,
    quick_evaluation: None,  # noqa: ARG001 - from the first run on
) -> tuple[Cell, Cell]:
    """An autoencoder and a beta-VAE, trained and scored; not to be changed."""
    study = make_study(evaluation={"save_codes": True})
    autoencoder, beta_vae = _cells(study, tmp_path_factory.mktemp("finished"))
    assert [finish(cell).status for cell in (autoencoder, beta_vae)] == ["done", "done"]
    return autoencoder, beta_vae


@pytest.fixture
def done(finished: tuple[Cell, Cell], tmp_path: Path) -> Cell:
    """The finished beta-VAE, in a directory of its own."""
    directory = tmp_path / "copy"
    shutil.copytree(finished[1].directory, directory)
    return replace(finished[1], directory=directory)


def _bits(cell: Cell) -> dict[str, bytes]:
    """Everything of a run that must be the same bits; the records hold times, too."""
    names = (*TRAINED[1:], "codes.h5", "details.h5", "pictures.h5")
    return {name: found for name, (found, _) in _bytes(cell, *names).items()}


def _with(cell: Cell, **evaluation: Any) -> Cell:
    return replace(cell, evaluation=cell.evaluation.model_copy(update=evaluation))


def _no_training(*_: object, **__: object) -> None:
    raise AssertionError("trained again")


def test_folder_holds_the_run(finished: tuple[Cell, Cell], whole: PackedImages) -> None:
    _, cell = finished
    folder = Store(cell.directory).folder(cell.run)
    record, trained = folder.training(), train(cell.run, whole, device="cpu")
    assert record is not None
    assert record.run == cell.run
    assert (record.status, record.steps_done) == ("done", 4)
    assert record.provenance.threads == 1
    assert folder.losses() == list(trained.losses)
    weights = load_file(folder.weights)
    assert weights.keys() == trained.model.state_dict().keys()
    for name, expected in trained.model.state_dict().items():
        assert np.array_equal(weights[name], expected.numpy())
    codes = encode(trained.model, whole, GRIDS["tiny"], variational=True, device="cpu")
    with h5py.File(folder.path / "codes.h5") as file:
        assert np.array_equal(file["mean"], codes.mean)
        assert np.array_equal(file["log_variance"], codes.log_variance)


def test_autoencoder_is_finished_without_a_posterior(finished: tuple[Cell, Cell]) -> None:
    autoencoder, beta_vae = map(_evaluation, finished)
    assert autoencoder.evaluation.kl is None
    assert beta_vae.evaluation.kl is not None
    assert {score.representation for score in autoencoder.scores} == {"mean"}


def test_new_protocol_is_scored_without_training(
    done: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(finishing.TRAIN, "cpu", _no_training)
    trained, before = _bytes(done, *TRAINED), _evaluation(done)
    more = _with(done, protocols=("mig/exact", "irs/suter2019"))
    assert finish(more).status == "done"
    after = _evaluation(done)
    assert _bytes(done, *TRAINED) == trained
    assert after.scores[: len(before.scores)] == before.scores
    assert {score.protocol for score in after.scores} == {"mig/exact", "irs/suter2019"}
    assert cells.unanswered(more) == ()


def test_run_is_not_trained_on_other_data_than_it_is_defined_by(
    tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    """A file that was written anew after the plan was made."""
    path = tmp_path / "set.npz"
    images = np.zeros((6, 64, 64, 3), np.uint8)
    np.savez(path, images=images, factor_sizes=[2, 3])
    cell, *_ = _cells(make_study(data=str(path)), tmp_path / "out")
    np.savez(path, images=images + 9, factor_sizes=[2, 3])
    outcome = finish(cell)
    assert outcome.status == "failed"
    assert "set.npz holds other images than when the study was planned" in outcome.error
    failure = Store(cell.directory).failed()[cell.run.id]
    assert failure.channels == 3


def test_images_that_vary_too_little_for_a_baseline_fail_its_run_with_a_reason(
    tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    """Six images, all of one pattern: one direction of grey."""
    images = np.zeros((6, 64, 64), np.uint8)
    images[:, :9, :9] = 40 * np.arange(6)[:, None, None]
    np.savez(tmp_path / "set.npz", images=images, factor_sizes=[2, 3])
    study = make_study(data=str(tmp_path / "set.npz"), baselines=["pca"], objectives=[])
    [cell] = _cells(study, tmp_path / "out")
    outcome = finish(cell)
    assert outcome.status == "failed"
    assert "3 components need as many independent directions" in outcome.error
    assert "in which the images vary, not 1; give the model fewer latents" in outcome.error


def test_file_that_was_written_anew_is_opened_anew(
    tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    """In a process that has opened what it held before; the plan on that is refused then."""
    path = tmp_path / "set.npz"
    images = np.random.default_rng(0).integers(256, size=(6, 64, 64, 3), dtype=np.uint8)
    study = make_study(data=str(path), baselines=["factors"], objectives=[])
    planned = []
    for name, pixels in (("before", images), ("after", images[::-1])):
        np.savez(path, images=pixels, factor_sizes=[2, 3])
        planned += _cells(study, tmp_path / name)
        assert finish(planned[-1]).status == "done"
    before, after = planned
    assert before.run.data_sha256 != after.run.data_sha256
    shutil.rmtree(Store(before.directory).folder(before.run).path)
    assert "holds other images than when the study was planned" in finish(before).error


def test_scores_do_not_depend_on_when_they_were_asked_for(done: Cell, tmp_path: Path) -> None:
    """One protocol first and another later, or both at once: the same records."""
    both = _with(done, protocols=("mig/exact", "irs/suter2019"))
    finish(both)
    at_once = replace(both, directory=tmp_path / "at once")
    shutil.copytree(done.directory, at_once.directory)
    (Store(at_once.directory).folder(done.run).path / "evaluation.json").unlink()
    finish(at_once)
    assert set(_evaluation(both).scores) == set(_evaluation(at_once).scores)


def test_new_version_of_a_protocol_takes_the_place_of_the_old(
    done: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = replace(PROTOCOLS["mig/exact"], version=99)
    monkeypatch.setattr(cells, "find", lambda _: (newer,))
    assert finish(done).status == "done"
    assert {score.protocol_version for score in _evaluation(done).scores} == {99}


def test_run_whose_scores_were_moved_away_is_scored_again(
    done: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(finishing.TRAIN, "cpu", _no_training)
    before = _evaluation(done)
    (Store(done.directory).folder(done.run).path / "evaluation.json").unlink()
    assert finish(done).status == "done"
    assert _evaluation(done).scores == before.scores
    assert _evaluation(done).evaluation == before.evaluation


def test_run_whose_training_was_moved_away_is_done_again(done: Cell) -> None:
    before = _bytes(done, "model.safetensors", "losses.csv", "codes.h5")
    (Store(done.directory).folder(done.run).path / "training.json").unlink()
    assert finish(done).status == "done"
    after = _bytes(done, "model.safetensors", "losses.csv", "codes.h5")
    assert {name: found[0] for name, found in after.items()} == {
        name: found[0] for name, found in before.items()
    }


def test_error_is_recorded_with_its_traceback(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [cell, _] = _cells(make_study(), tmp_path)

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("the disk\nis on fire")

    monkeypatch.setitem(finishing.TRAIN, "cpu", break_down)
    outcome = finish(cell)
    assert (outcome.run, outcome.status) == (cell.run, "failed")
    assert outcome.error == "RuntimeError: the disk is on fire"
    failure = Store(tmp_path).failed()[cell.run.id]
    assert failure.error == outcome.error
    assert "in break_down" in failure.traceback
    assert not list(Store(tmp_path).runs.iterdir())
    assert Store(tmp_path).under_way() == {}
    assert cells.unanswered(cell) is None
    monkeypatch.undo()
    assert finish(cell).status == "done"
    assert Store(tmp_path).failed() == {}


def test_interruption_is_no_failure(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [cell, _] = _cells(make_study(), tmp_path)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(finishing.TRAIN, "cpu", interrupt)
    with pytest.raises(KeyboardInterrupt):
        finish(cell)
    assert Store(tmp_path).failed() == {}
    assert not list(Store(tmp_path).runs.iterdir())


@pytest.mark.parametrize("interval", [Interval(steps=1), Interval(steps=3), Interval(seconds=1e9)])
def test_run_that_is_stopped_goes_on_to_the_same_bits(
    interval: Interval, finished: tuple[Cell, Cell], tmp_path: Path
) -> None:
    """As often as it is stopped; every file but the two records is the same."""
    for done in finished:
        cell = replace(done, directory=tmp_path, checkpoint=interval)
        Store(tmp_path).unfinished.mkdir(exist_ok=True)
        Store(tmp_path).runs.mkdir(exist_ok=True)
        for step in (1, 2, 3, 4):
            asked = iter([False])  # before it begins, but not after a step
            assert finish(cell, stop=lambda asked=asked: next(asked, True)).status == "stopped"
            [path, *_] = Checkpoints(cell.run, Store(tmp_path).begun(cell.run).path).paths()
            assert path.name.startswith(f"checkpoint-{step:015d}-")
            assert Store(tmp_path).under_way() == Store(tmp_path).failed() == {}
        assert finish(cell).status == "done"
        assert not list(Store(tmp_path).unfinished.iterdir())
        before, after = (_bits(c) for c in (done, cell))
        assert before == after


def test_sittings_are_told_by_the_record(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those on other machines or with other versions, and the time of all."""
    [_, cell] = _cells(make_study(training={"steps": 9}), tmp_path)
    here = finishing.provenance("cpu")
    machines = [here.model_copy(update={"device_name": name}) for name in "abbc"]
    clock = iter(range(0, 10_000, 100))
    monkeypatch.setattr(sittings.time, "monotonic", lambda: float(next(clock)))
    for machine in machines:
        monkeypatch.setattr(finishing, "provenance", lambda _, machine=machine: machine)
        asked = iter([False] if machine is not machines[-1] else [False] * 20)
        finish(cell, stop=lambda asked=asked: next(asked, True))
    record = Store(tmp_path).folder(cell.run).training()
    assert record is not None
    assert record.provenance.device_name == "c"
    assert [earlier.device_name for earlier in record.earlier] == ["a", "b"]
    assert record.seconds >= 400


def test_run_that_is_trained_is_only_scored(
    done: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was killed while it was scoring."""
    cell = replace(done, directory=tmp_path / "new")
    store = Store(cell.directory)
    for path in (store.runs, store.unfinished):
        path.mkdir(parents=True)
    begun = store.begun(cell.run).path
    shutil.copytree(Store(done.directory).folder(done.run).path, begun)
    (begun / "evaluation.json").unlink()
    monkeypatch.setitem(finishing.TRAIN, "cpu", _no_training)
    assert finish(cell).status == "done"
    assert _bits(cell) == _bits(done)


def test_run_that_is_scored_is_only_published(
    done: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told to stop while it was scored: what was found then is kept."""
    cell = replace(done, directory=tmp_path / "new")
    store = Store(cell.directory)
    store.make_folders()
    shutil.copytree(Store(done.directory).folder(done.run).path, store.begun(cell.run).path)
    monkeypatch.setitem(finishing.TRAIN, "cpu", _no_training)
    monkeypatch.setattr(finishing, "_evaluate", _no_training)
    assert finish(cell).status == "done"
    assert _bits(cell) == _bits(done)


def test_stop_during_the_scoring_loses_nothing_of_it(
    done: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = replace(done, directory=tmp_path / "new")
    Store(cell.directory).make_folders()
    stopping: list[bool] = []
    real = finishing._evaluate

    def evaluate(*arguments: Any) -> None:
        stopping.append(True)
        real(*arguments)

    monkeypatch.setattr(finishing, "_evaluate", evaluate)
    assert finish(cell, stop=lambda: bool(stopping)).status == "done"
    assert _bits(cell) == _bits(done)


@pytest.mark.parametrize("name", ["training.json", "model.safetensors", "losses.csv"])
def test_training_that_is_damaged_is_done_again_from_its_checkpoint(
    name: str, done: Cell, tmp_path: Path
) -> None:
    cell = replace(done, directory=tmp_path / "new", checkpoint=Interval(steps=1))
    store = Store(cell.directory)
    for path in (store.runs, store.unfinished):
        path.mkdir(parents=True)
    asked = iter([False] * 4)
    finish(cell, stop=lambda: next(asked, True))
    begun = store.begun(cell.run)
    for trained in TRAINED:
        shutil.copy(Store(done.directory).folder(done.run).path / trained, begun.path)
    (begun.path / name).write_bytes(b"damaged")
    outcome = finish(cell)
    assert outcome.status == "done"
    [note] = outcome.notes
    assert str(begun.path / name) in note
    assert (store.damaged / f"{cell.run.id}.1" / name).read_bytes() == b"damaged"
    assert _bits(cell) == _bits(done)


def test_checkpoint_that_is_damaged_is_set_aside_for_the_one_before(
    done: Cell, tmp_path: Path
) -> None:
    cell = replace(done, directory=tmp_path / "new", checkpoint=Interval(steps=1))
    store = Store(cell.directory)
    for path in (store.runs, store.unfinished):
        path.mkdir(parents=True)
    asked = iter([False] * 4)
    finish(cell, stop=lambda: next(asked, True))
    checkpoints = Checkpoints(cell.run, store.begun(cell.run).path)
    [last, _] = checkpoints.paths()
    last.write_bytes(last.read_bytes()[:-1])
    outcome = finish(cell)
    assert (outcome.status, len(outcome.notes)) == ("done", 1)
    assert outcome.notes[0].startswith(f"{last}: its checksum is that of another content; set")
    assert _bits(cell) == _bits(done)


def test_checkpoint_of_another_network_is_set_aside(done: Cell, tmp_path: Path) -> None:
    """Its name, its checksum and its identity are right: a stranger made it."""
    cell = replace(done, directory=tmp_path / "new")
    store = Store(cell.directory)
    for path in (store.runs, store.unfinished, store.begun(cell.run).path):
        path.mkdir(parents=True)
    sitting = Sitting(
        identity=cell.run.identity,
        started=datetime.now(UTC),
        seconds=0,
        provenance=finishing.provenance("cpu"),
    )
    moment = Moment(2, {"model.x": torch.zeros(3), "losses": torch.zeros(0, 4)})
    Checkpoints(cell.run, store.begun(cell.run).path).write(moment, sitting)
    outcome = finish(cell)
    assert (outcome.status, len(outcome.notes)) == ("done", 1)
    assert "Error(s) in loading state_dict" in outcome.notes[0]
    assert _bits(cell) == _bits(done)


@pytest.mark.parametrize(
    ("name", "n_trained"),
    [
        ("model.safetensors", 1),
        ("training.json", 1),
        ("codes.h5", 0),
        ("details.h5", 0),
        ("evaluation.json", 0),
    ],
)
def test_finished_run_with_a_damaged_file_is_done_again_as_far_as_needed(
    name: str,
    n_trained: int,
    done: Cell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = _bits(done)
    assert cells.is_done(done)
    path = Store(done.directory).folder(done.run).path / name
    path.write_bytes(path.read_bytes()[:-3])
    assert not cells.is_done(done)
    trained = []
    real = finishing.TRAIN["cpu"]

    def train(*arguments: Any, **options: Any) -> Any:
        trained.append(1)
        return real(*arguments, **options)

    monkeypatch.setitem(finishing.TRAIN, "cpu", train)
    outcome = finish(done)
    assert outcome.status == "done"
    assert [str(path) in note for note in outcome.notes] == [True]
    assert len(trained) == n_trained
    assert cells.is_done(done)
    assert _bits(done) == before


def test_run_in_other_hands_is_left_to_them(done: Cell) -> None:
    (Store(done.directory).folder(done.run).path / "evaluation.json").unlink()
    with Store(done.directory).claimed(done.run):
        assert finish(done).status == "elsewhere"
    assert finish(done).status == "done"


def test_run_that_another_has_finished_in_the_meantime_is_left_as_it_is(done: Cell) -> None:
    before = _bytes(done)
    assert finish(done).status == "done"
    assert _bytes(done) == before


def test_run_that_was_taken_over_is_not_published(
    done: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was thought dead, and another process does the run by now."""
    cell = replace(done, directory=tmp_path / "new")
    store = Store(cell.directory)
    for path in (store.runs, store.unfinished):
        path.mkdir(parents=True)
    real = finishing._evaluate

    def evaluate(*arguments: Any) -> None:
        real(*arguments)
        claims[0].lost.set()

    claims: list[Any] = []
    real_claimed = Store.claimed

    @contextmanager
    def claimed(store: Store, run: Any) -> Iterator[Any]:
        with real_claimed(store, run) as claim:
            claims.append(claim)
            yield claim

    monkeypatch.setattr(finishing, "_evaluate", evaluate)
    monkeypatch.setattr(Store, "claimed", claimed)
    assert finish(cell).status == "elsewhere"
    assert not store.folder(cell.run).path.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_disk_that_cannot_be_written_is_no_fault_of_the_run(
    number: int, done: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = replace(done, directory=tmp_path / "new", checkpoint=Interval(steps=2))
    store = Store(cell.directory)
    for path in (store.runs, store.unfinished, store.failures):
        path.mkdir(parents=True)

    def write(*_: Any) -> None:
        raise OSError(number, os.strerror(number), str(store.unfinished / "x"))

    monkeypatch.setattr(Checkpoints, "write", write)
    outcome = finish(cell)
    assert outcome.status == "halted"
    assert outcome.error.startswith(f"cannot write to {cell.directory} ({os.strerror(number)}); ")
    assert store.failed() == {}
    monkeypatch.undo()
    assert finish(cell).status == "done"
    assert _bits(cell) == _bits(done)


def test_failure_that_cannot_be_noted_is_the_fault_of_the_disk(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [cell, _] = _cells(make_study(), tmp_path)

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("no more")

    def write(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setitem(finishing.TRAIN, "cpu", break_down)
    monkeypatch.setattr(Store, "note_failure", write)
    outcome = finish(cell)
    assert outcome.status == "halted"
    assert "free some space" in outcome.error


def test_diverged_run_has_a_row_and_is_not_tried_again(
    make_study: Callable[..., Study], tmp_path: Path
) -> None:
    study = make_study(training={"learning_rate": 1e30, "steps": 2})
    [_, cell] = _cells(study, tmp_path)
    outcome = finish(cell)
    assert (outcome.status, outcome.error) == ("diverged", "")
    assert cells.unanswered(cell) == ()
    assert finish(cell).status == "diverged"
    tables = tabulate(Store(tmp_path))
    [row] = tables.runs.to_dict("records")
    assert (row["status"], row["steps_done"], row["beta"]) == ("diverged", 2, 4)
    assert row["training_seconds"] > 0
    assert row["torch"]
    assert pd.isna(row["reconstruction"])
    assert pd.isna(row["error"])
    assert len(tables.scores) == 0


def test_progress_is_noted_on_the_way(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MIN_INTERVAL", 2)
    monkeypatch.setattr(finishing, "_evaluate", lambda *_: None)
    [cell, _] = _cells(make_study(training={"steps": 5}), tmp_path)
    notes = []
    real = keeping.note

    def note(folder: Any, phase: Any, losses: Any) -> None:
        real(folder, phase, losses)
        notes.append(folder.progress())

    monkeypatch.setattr(keeping, "note", note)
    finish(cell)
    assert [(n.phase, n.step) for n in notes] == [
        ("training", 0),
        ("training", 2),
        ("training", 4),
        ("training", 5),
        ("encoding", 5),
    ]
    assert np.isnan(notes[0].reconstruction)
    assert notes[-1].reconstruction > 0
    assert Store(tmp_path).folder(cell.run).progress() is None


def test_scoring_is_noted_of_a_run_under_way_only(
    done: Cell, make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases = []
    real = finishing.score_codes

    def score_codes(*arguments: Any, **options: Any) -> Any:
        folders = [
            *Store(tmp_path / "new").under_way().values(),
            Store(done.directory).folder(done.run),
        ]
        phases.append([note.phase for folder in folders if (note := folder.progress())])
        return real(*arguments, **options)

    monkeypatch.setattr(finishing, "score_codes", score_codes)
    finish(_cells(make_study(training={"steps": 1}), tmp_path / "new")[0])
    finish(_with(done, protocols=("mig/exact", "irs/suter2019")))
    assert phases == [["scoring"], []]


def test_codes_are_kept_if_the_study_says_so(
    make_study: Callable[..., Study], tmp_path: Path
) -> None:
    [cell, _] = _cells(make_study(training={"steps": 1}), tmp_path)
    finish(cell)
    assert not (Store(tmp_path).folder(cell.run).path / "codes.h5").exists()


def test_initial_weights_are_no_result(finished: tuple[Cell, Cell]) -> None:
    """The loaded weights are those after training, not those that the identity draws."""
    _, cell = finished
    weights = load_file(Store(cell.directory).folder(cell.run).weights)
    assert not np.array_equal(
        weights["mean.weight"], initial_model(cell.run).mean.weight.detach().numpy()
    )
