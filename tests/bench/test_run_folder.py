"""What is written of a run is read back as it was."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from pydantic import ValidationError

from disbench.arrays import pack_arrays
from disbench.dsprites import GRIDS
from disbench.encoding import Codes
from disbench.errors import DamagedError
from disbench.kept_pictures import Pictures
from disbench.record_files import write_record
from disbench.records import LossRecord, TrainingRecord
from disbench.run_folder import Progress, RunFolder
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run

AUTOENCODERS = Codes(GRIDS["tiny"], np.zeros((1440, 3), np.float32), None)

LOSSES = (
    LossRecord(50, 1 / 3, 0.1 + 0.2, 1e-300),
    LossRecord(100, 5e-324, 1.7976931348623157e308, math.pi),
)


def _with_codes(folder: RunFolder, codes: Codes = AUTOENCODERS) -> RunFolder:
    record = folder.evaluation()
    assert record is not None
    folder.write_evaluation(record, {}, folder.pictures(), codes)
    return folder


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> RunFolder:
    """The folder of a run with all that a run may have; not to be changed."""
    store = Store(tmp_path_factory.mktemp("kept"))
    return _with_codes(write_run(store, make_run(), {"a/x": 0.5}))


def _forget_seals(folder: RunFolder) -> None:
    """Make the records those of version 1, whose files have no checksums."""
    for record, name in (
        (folder.training(), "training.json"),
        (folder.evaluation(), "evaluation.json"),
    ):
        if record is not None:
            old = record.model_copy(update={"schema_version": 1, "files": {}})
            write_record(old, folder.path / name)


def test_losses_are_read_back(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    assert write_run(Store(tmp_path), make_run(), losses=LOSSES).losses() == list(LOSSES)


def test_training_is_read_back(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    run = make_run(learning_rate=1 / 3)
    record = write_run(Store(tmp_path), run).training()
    assert record is not None
    assert record.run == run
    assert record.run.identity == run.identity
    assert record.started.isoformat() == "2026-01-02T03:04:05.678901+00:00"
    assert (record.status, record.steps_done, record.seconds) == ("done", 4, 12.25)
    assert record.provenance.git_commit is None


def test_evaluation_is_read_back(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    run = make_run()
    record = write_run(Store(tmp_path), run, {"a/x": 1 / 3, "b/y": math.nan}).evaluation()
    assert record is not None
    assert record.identity == run.identity
    assert record.evaluation.kl_by_dimension == (1.5, 0.25, 0.0)
    assert [score.protocol for score in record.scores] == ["a/x", "b/y"]
    assert record.scores[0].value == 1 / 3
    assert math.isnan(record.scores[1].value)


def test_run_that_is_not_there_has_no_records(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "nowhere")
    assert folder.training() is folder.evaluation() is folder.progress() is None


def test_run_that_was_not_scored_has_no_evaluation(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    assert write_run(Store(tmp_path), make_run()).evaluation() is None


def test_one_array_behind_a_score_is_read_by_its_name(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    details = {"mig/exact/mean/0/entropy": np.array([0.5, 0.25])}
    folder = write_run(Store(tmp_path), make_run(), {"mig/exact": 0.5}, details=details)
    found = folder.detail("mig/exact/mean/0/entropy")
    assert found is not None
    assert found.tolist() == [0.5, 0.25]
    assert folder.detail("mig/exact/mean/1/entropy") is None
    assert folder.details().keys() == {"mig/exact/mean/0/entropy", "mig/exact/mean/0/gap"}


def test_run_that_was_not_scored_has_no_array(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    assert write_run(Store(tmp_path), make_run()).detail("mig/exact/mean/0/gap") is None


def test_pictures_are_read_back(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    grey = np.random.default_rng(5).integers(0, 256, (4, 12, 64, 64), np.uint8)
    pictures = write_run(Store(tmp_path), make_run(seed=5), {"a/x": 0.5}).pictures()
    assert isinstance(pictures, Pictures)
    assert np.array_equal(pictures.originals, grey[0])
    assert np.array_equal(pictures.reconstructions, grey[1])
    assert np.array_equal(pictures.traversals, np.tile(grey[2, :9], (3, 1, 1, 1)))
    assert np.array_equal(pictures.samples, grey[3])
    assert pictures.samples.dtype == np.uint8


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("step,loss\nx,y\n", "invalid literal"),
        ("step,loss\n1,2\n", "'reconstruction'"),
        ("step\n1,2,3\n", "'loss'"),
        ("step,loss,reconstruction,kl\n", "it holds no losses"),
        ("", "it holds no losses"),
    ],
)
def test_what_is_no_losses_is_named(
    text: str,
    reason: str,
    tmp_path: Path,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    """In a run of version 1, whose files have no checksums."""
    folder = write_run(Store(tmp_path), make_run())
    _forget_seals(folder)
    (folder.path / "losses.csv").write_text(text)
    with pytest.raises(DamagedError, match=rf"losses.csv is not what .*{reason}"):
        folder.losses()


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("losses.csv", RunFolder.losses),
        ("model.safetensors", RunFolder.read_weights),
        ("pictures.h5", RunFolder.pictures),
        ("details.h5", RunFolder.details),
        ("details.h5", lambda folder: folder.detail("a/x/mean/0/gap")),
        ("codes.h5", lambda folder: folder.read_codes(np.arange(3))),
        ("training.json", RunFolder.training),
        ("evaluation.json", RunFolder.evaluation),
    ],
)
@pytest.mark.parametrize("how", ["cut", "flipped", "longer"])
def test_no_reader_believes_a_file_that_is_not_as_it_was_written(
    name: str,
    read: Callable[[RunFolder], object],
    how: str,
    kept: RunFolder,
    tmp_path: Path,
) -> None:
    folder = RunFolder(tmp_path / kept.path.name)
    shutil.copytree(kept.path, folder.path)
    read(folder)
    data = bytearray((folder.path / name).read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 1
    (folder.path / name).write_bytes({"cut": data[:-1], "longer": data + b" "}.get(how, data))
    with pytest.raises(DamagedError) as refusal:
        read(folder)
    assert refusal.value.path == folder.path / name


@pytest.mark.parametrize("name", ["losses.csv", "model.safetensors", "pictures.h5", "codes.h5"])
def test_file_that_is_gone_is_named(
    name: str, tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = _with_codes(write_run(Store(tmp_path), make_run(), {"a/x": 0.5}))
    assert folder.damage() is None
    (folder.path / name).unlink()
    damage = folder.damage()
    assert damage is not None
    assert (damage.path, damage.reason) == (folder.path / name, "No such file or directory")
    with pytest.raises(DamagedError, match="No such file"):
        folder.check_sizes(*folder.records())


def test_file_that_the_record_does_not_know_is_not_believed(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = write_run(Store(tmp_path), make_run(), {"a/x": 0.5})
    folder.codes.write_bytes(b"a stranger's")
    with pytest.raises(DamagedError, match="the record beside it does not know it"):
        folder.read_codes(np.arange(3))


def test_size_is_looked_at_without_reading(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = write_run(Store(tmp_path), make_run())
    records = folder.records()
    folder.weights.write_bytes(b"WEIGHTS")
    folder.check_sizes(*records)
    folder.weights.write_bytes(b"w")
    with pytest.raises(DamagedError, match="1 bytes, of 7 that were written"):
        folder.check_sizes(*records)


def test_records_of_another_run_are_no_records_of_this_one(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder, other = (write_run(Store(tmp_path), make_run(seed=seed)) for seed in (0, 1))
    shutil.copy(other.path / "training.json", folder.path / "training.json")
    with pytest.raises(DamagedError, match=f"it is that of {other.path.name}"):
        folder.records()


def test_codes_are_an_hdf5_file_in_the_order_of_the_grid(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    grid = GRIDS["tiny"]
    mean, log_variance = np.random.default_rng(0).normal(size=(2, grid.n, 3)).astype(np.float32)
    folder = write_run(Store(tmp_path), make_run(), {"a/x": 0.5})
    _with_codes(folder, Codes(grid, mean, log_variance))
    with h5py.File(folder.codes) as file:
        assert np.array_equal(file["mean"], mean)
        assert np.array_equal(file["log_variance"], log_variance)
        assert file["mean"].dtype == np.float32
        assert np.array_equal(file["factors"], grid.labels())
    rows = np.array([1, 5, 1439])
    found, found_log_variance = folder.read_codes(rows)
    assert np.array_equal(found, mean[rows])
    assert found_log_variance is not None
    assert np.array_equal(found_log_variance, log_variance[rows])


def test_codes_of_an_autoencoder_have_no_log_variance(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = _with_codes(write_run(Store(tmp_path), make_run(), {"a/x": 0.5}))
    with h5py.File(folder.codes) as file:
        assert set(file) == {"mean", "factors"}


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"factors": np.zeros(9)}, "it holds no codes"),
        ({"mean": np.zeros((9, 2))}, "mean has not a code for every image"),
        ({"mean": np.zeros(20)}, "mean has not a code for every image"),
        ({"mean": np.array(1.0)}, "mean has not a code for every image"),
        (
            {"mean": np.zeros((20, 2)), "log_variance": np.zeros((3, 2))},
            "log_variance has not a code for every image",
        ),
    ],
)
def test_what_is_no_codes_is_named(
    arrays: dict[str, Any],
    reason: str,
    tmp_path: Path,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    folder = write_run(Store(tmp_path), make_run(), {"a/x": 0.5})
    _forget_seals(folder)
    folder.codes.write_bytes(pack_arrays(arrays))
    with pytest.raises(DamagedError, match=reason):
        folder.read_codes(np.arange(12))


def test_codes_that_were_kept_are_known_to_the_next_record(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = _with_codes(write_run(Store(tmp_path), make_run(), {"a/x": 0.5}))
    record = folder.evaluation()
    assert record is not None
    folder.write_evaluation(record, {}, folder.pictures())
    assert folder.damage() is None
    assert len(folder.read_codes(np.arange(3))[0]) == 3


def test_same_results_are_the_same_bytes(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    """No file holds the time at which it was written."""
    folders = [
        write_run(Store(tmp_path / name), make_run(), {"a/x": 0.5}).path for name in ("1", "2")
    ]
    names = sorted(path.name for path in folders[0].iterdir())
    assert {"training.json", "losses.csv", "evaluation.json", "pictures.h5"} <= set(names)
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


def test_progress_is_read_back_and_forgotten(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_progress(Progress(phase="training", step=3, reconstruction=1 / 3, kl=float("nan")))
    progress = folder.progress()
    assert progress is not None
    assert (progress.step, progress.reconstruction) == (3, 1 / 3)
    assert math.isnan(progress.kl)
    folder.forget_progress()
    assert folder.progress() is None
    folder.forget_progress()


def test_record_has_no_keys_that_are_unknown(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    record = write_run(Store(tmp_path), make_run()).training()
    assert record is not None
    with pytest.raises(ValidationError, match="extra"):
        TrainingRecord(**record.model_dump(), speed=3)
    with pytest.raises(ValidationError, match="frozen"):
        record.seconds = 0
