"""What is written of a run is read back as it was."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from pydantic import ValidationError

from disbench.dsprites import GRIDS
from disbench.encoding import Codes
from disbench.errors import StoreError
from disbench.records import LossRecord, TrainingRecord
from disbench.run_folder import Pictures, Progress, RunFolder, read_record, write_record
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run

LOSSES = (
    LossRecord(50, 1 / 3, 0.1 + 0.2, 1e-300),
    LossRecord(100, 5e-324, 1.7976931348623157e308, math.pi),
)


def test_losses_keep_every_bit(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    assert write_run(Store(tmp_path), make_run(), losses=LOSSES).losses() == list(LOSSES)


def test_losses_that_are_no_numbers_are_kept(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    lost = LossRecord(50, math.inf, -math.inf, math.nan)
    [found] = write_run(Store(tmp_path), make_run(), losses=[lost]).losses()
    assert found[:3] == lost[:3]
    assert math.isnan(found.kl)


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


@pytest.mark.parametrize("text", [None, "step,loss\nx,y\n", "step,loss\n1,2\n", "step\n1,2,3\n"])
def test_run_without_its_losses_is_named_with_what_to_do(
    text: str | None,
    tmp_path: Path,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    folder = write_run(Store(tmp_path), make_run())
    (folder.path / "losses.csv").unlink()
    if text is not None:
        (folder.path / "losses.csv").write_text(text)
    with pytest.raises(StoreError, match=r"losses.csv is not what .* move .* away"):
        folder.losses()


def test_run_without_its_pictures_is_named_with_what_to_do(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = write_run(Store(tmp_path), make_run(), {"a/x": 0.5})
    (folder.path / "pictures.h5").unlink()
    with pytest.raises(StoreError, match=r"pictures.h5 lacks pictures; move .* away"):
        folder.pictures()


def test_codes_are_an_hdf5_file_in_the_order_of_the_grid(tmp_path: Path) -> None:
    grid = GRIDS["tiny"]
    mean, log_variance = np.random.default_rng(0).normal(size=(2, grid.n, 3)).astype(np.float32)
    RunFolder(tmp_path).write_codes(Codes(grid, mean, log_variance))
    with h5py.File(tmp_path / "codes.h5") as file:
        assert np.array_equal(file["mean"], mean)
        assert np.array_equal(file["log_variance"], log_variance)
        assert file["mean"].dtype == np.float32
        assert np.array_equal(file["factors"], grid.labels())


def test_codes_of_an_autoencoder_have_no_log_variance(tmp_path: Path) -> None:
    mean = np.zeros((1440, 3), np.float32)
    RunFolder(tmp_path).write_codes(Codes(GRIDS["tiny"], mean, None))
    with h5py.File(tmp_path / "codes.h5") as file:
        assert set(file) == {"mean", "factors"}


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


def test_record_is_plain_json(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    progress = Progress(phase="scoring", step=1, reconstruction=0.5, kl=float("inf"))
    write_record(progress, path)
    assert path.read_text() == (
        '{\n "phase": "scoring",\n "step": 1,\n "reconstruction": 0.5,\n "kl": "Infinity"\n}\n'
    )
    assert read_record(Progress, path) == progress
