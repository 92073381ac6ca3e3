"""The finished runs of a directory: those that are trained, with what was found of them."""

from __future__ import annotations

import shutil
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from disbench.errors import StoreError
from disbench.finished import finished_runs
from disbench.records import Failure, LossRecord
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

SCORES = {"mig/exact": 0.25}


def test_runs_stand_in_the_order_of_their_names(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    runs = [make_run(seed=9), make_run(seed=10), make_run(objective="ae", hyperparameters={})]
    folders = [write_run(store, run, SCORES) for run in runs]
    found = list(finished_runs(store, source="here"))
    assert [one.run for one in found] == [runs[2], runs[1], runs[0]]
    assert [one.folder for one in found] == [folders[2], folders[1], folders[0]]


def test_run_has_its_records(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> None:
    write_run(Store(tmp_path), make_run(), SCORES)
    [run] = finished_runs(Store(tmp_path), source="here")
    assert run.training.steps_done == 4
    assert run.evaluation is not None
    assert run.evaluation.scores[0].value == 0.25
    assert run.key == ("here", make_run().id)


def test_run_of_another_directory_has_another_key(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run())
    [one], [two] = (list(finished_runs(Store(tmp_path), source=name)) for name in ("a", "b"))
    assert one.run == two.run
    assert one.key != two.key


def test_run_that_was_not_scored_has_no_evaluation_and_no_information(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    lost = LossRecord(2, nan, nan, nan)
    write_run(Store(tmp_path), make_run(), status="diverged", losses=[lost])
    [run] = finished_runs(Store(tmp_path), source="here")
    assert run.training.status == "diverged"
    assert run.evaluation is None
    assert run.information is None


def test_information_is_read_once(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun, details_of: Callable[..., Any]
) -> None:
    folder = write_run(Store(tmp_path), make_run(), SCORES, details=details_of(np.eye(3, 5)))
    [run] = finished_runs(Store(tmp_path), source="here")
    before = run.information
    assert before is not None
    (folder.path / "details.h5").unlink()
    assert run.information is before


def test_runs_that_failed_or_are_under_way_are_not_finished(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    untrained = write_run(store, make_run(seed=1))
    (untrained.path / "training.json").unlink()
    store.note_failure(Failure(run=make_run(seed=2), error="ValueError: no", traceback=""))
    store.begun(make_run(seed=3)).path.mkdir()
    assert list(finished_runs(store, source="here")) == []


def test_directory_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert list(finished_runs(Store(tmp_path / "nowhere"), source="here")) == []


def test_damaged_record_is_refused(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> None:
    folder = write_run(Store(tmp_path), make_run(), SCORES)
    (folder.path / "evaluation.json").write_text("{}")
    with pytest.raises(StoreError, match=r"evaluation\.json is not what disbench wrote"):
        list(finished_runs(Store(tmp_path), source="here"))


def test_copy_of_a_run_is_no_further_seed(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    store = Store(tmp_path)
    folder = write_run(store, make_run(), {"mig/exact": 0.5})
    shutil.copytree(folder.path, store.runs / "copy of it")
    with pytest.raises(StoreError, match=rf"copy of it.*it is that of {make_run().id}"):
        list(finished_runs(store, source="it"))


def test_scores_of_another_run_are_refused(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    store = Store(tmp_path)
    one, other = (write_run(store, make_run(seed=s), {"mig/exact": 0.5}) for s in (0, 1))
    shutil.copy(one.path / "evaluation.json", other.path / "evaluation.json")
    with pytest.raises(StoreError, match=r"evaluation\.json .*it is that of another run"):
        list(finished_runs(store, source="it"))
