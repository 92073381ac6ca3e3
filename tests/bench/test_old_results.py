"""Results that version 1 of the schema wrote, without checksums: read, reported, and gone on with.

The directory was made by `disbench run` before runs had checkpoints: three runs are finished, of
which one has its codes, one has diverged, one has failed, and one was abandoned half way. The
weights are constants, for a small file.
"""

from __future__ import annotations

import hashlib
import tarfile
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from safetensors.torch import load

from disbench import run
from disbench.commands.checking import check
from disbench.commands.reporting import rebuild
from disbench.commands.telling import Json
from disbench.records import LossRecord
from disbench.run_folder import EVALUATED, TRAINED
from disbench.runs import Run
from disbench.store import Store

ARCHIVE = Path(__file__).parents[1] / "data" / "results-v1.tar.xz"

AE = "ae-seed0-9a6cc309d5f3"
FAILED = "ae-seed1-c8a0025e137a"
WITH_CODES = "beta_vae-beta4-seed0-1e6bd47608c3"
WITHOUT_CODES = "beta_vae-beta4-seed1-efc2dbbe390e"
DIVERGED = "beta_vae-beta1e+38-seed1-a3e86e2ff84e"
"""The folders; the study also asks for seed 0 of the setting that diverges."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The results directory, unpacked."""
    directory = tmp_path / "old"
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(directory, filter="data")
    return directory


@pytest.fixture
def console() -> Console:
    """A console that nobody looks at."""
    return Console(file=StringIO(), width=200)


def _sums(directory: Path, names: tuple[str, ...], *folders: str) -> dict[str, str]:
    """The checksums of files with these names in folders of runs."""
    paths = [directory / "runs" / folder / name for folder in folders for name in names]
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.exists()
    }


def test_records_are_read(old: Path) -> None:
    store = Store(old)
    records = {folder.path.name: folder.records() for folder in store.finished()}
    assert list(records) == [AE, DIVERGED, WITH_CODES, WITHOUT_CODES]
    trainings = {name: training for name, (training, _) in records.items() if training}
    assert {training.schema_version for training in trainings.values()} == {1}
    assert trainings[AE].seconds == 2.1712290840005153
    assert [t.status for t in trainings.values()] == ["done", "diverged", "done", "done"]
    evaluations = {name: found for name, (_, found) in records.items() if found}
    assert evaluations.keys() == {AE, WITH_CODES, WITHOUT_CODES}
    assert [s.value for s in evaluations[WITH_CODES].scores] == [
        0.02876314000511318,
        0.0013436950885301197,
    ]
    assert evaluations[WITHOUT_CODES].evaluation.kl_by_dimension == (
        0.06343764510925899,
        0.10129674829169179,
        3.040493805817991,
    )


def test_what_no_run_folder_holds_is_read(old: Path) -> None:
    store = Store(old)
    study = store.study()
    assert study is not None
    assert (study.name, study.seeds, study.training.steps) == ("tiny", (0, 1), 60)
    assert {name: f.error for name, f in store.failed().items()} == {
        FAILED: "RuntimeError: no autoencoders today"
    }
    [group] = store.groups()
    assert [score.value for score in group.scores] == [0.25, 0.375]
    assert store.under_way() == {}


def test_arrays_weights_and_losses_are_read(old: Path) -> None:
    folders = {folder.path.name: folder for folder in Store(old).finished()}
    folder = folders[WITH_CODES]
    assert folder.losses()[-1] == LossRecord(
        60, 662.9712524414062, 662.4722900390625, 0.1247442364692688
    )
    assert all(
        (value == value.flatten()[0]).all() for value in load(folder.read_weights()).values()
    )
    gap = folder.details()["mig/exact/mean/0/gap"]
    assert float(gap.mean()) == pytest.approx(0.02876314000511318)
    mean, log_variance = folder.read_codes(np.arange(1440))
    assert log_variance is not None
    assert mean.shape == log_variance.shape == (1440, 3)
    assert folder.pictures().traversals.shape == (3, 9, 64, 64)
    assert all(folder.damage() is None for folder in folders.values())


def test_report_is_made(old: Path, console: Console) -> None:
    before = _sums(old, (*TRAINED, *EVALUATED), AE, DIVERGED, WITH_CODES, WITHOUT_CODES)
    rebuild(old, teller=Json(console), errors=console)
    assert _sums(old, (*TRAINED, *EVALUATED), AE, DIVERGED, WITH_CODES, WITHOUT_CODES) == before
    assert "beta 4" in (old / "report.html").read_text("utf-8")
    assert "0.028763" in (old / "scores.csv").read_text("utf-8")
    assert not (old / "damaged").exists()


def test_nothing_of_it_is_damaged(old: Path, console: Console) -> None:
    assert check(old, console=console)
    assert not (old / "damaged").exists()


def test_run_does_only_what_is_missing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes are what the study lacks of two runs: they are scored anew, and not trained.

    The study is that of the time: today its runs would train to other weights, and are other runs.
    """
    monkeypatch.setattr("disbench.study.Run", partial(Run, training_version=1))
    trained = _sums(old, TRAINED, AE, DIVERGED, WITH_CODES, WITHOUT_CODES)
    scored = _sums(old, EVALUATED, WITH_CODES)
    abandoned = list((old / "runs").glob(".partial-*"))
    results = run(old / "study.toml", out=old, jobs=1, device="cpu")
    assert (results.failed, results.notes) == ((), ())
    assert _sums(old, TRAINED, AE, DIVERGED, WITH_CODES, WITHOUT_CODES) == trained
    assert _sums(old, EVALUATED, WITH_CODES) == scored
    assert list((old / "runs").glob(".partial-*")) == abandoned
    store = Store(old)
    assert store.failed() == {}
    folders = {folder.path.name: folder for folder in store.finished()}
    assert len(folders) == 6
    new = {name: found for name in folders if (found := folders[name].training()) and found.files}
    assert {training.run.label for training in new.values()} == {
        "ae, seed 1",
        "beta_vae, beta 1e+38, seed 0",
    }
    assert all(folders[name].codes.exists() for name in (AE, WITHOUT_CODES))
    assert all(folder.damage() is None for folder in folders.values())
