"""A plan makes every choice for this machine, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench import hardware
from disbench.dsprites import RENDERED_SHA256
from disbench.errors import DataError, StoreError, StudyError
from disbench.plan import make_plan
from disbench.records import LossRecord
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.study import Study


def test_plan_has_a_cell_for_each_run(tmp_path: Path, make_study: Callable[..., Study]) -> None:
    study = make_study(seeds=2)
    plan = make_plan(study, tmp_path / "out", device="cpu")
    runs = study.runs(precision="fp32", data_sha256=RENDERED_SHA256)
    assert tuple(cell.run for cell in plan.cells) == runs
    assert plan.to_do == plan.cells
    assert plan.n_done == 0
    assert not (tmp_path / "out").exists()


def test_every_named_data_set_has_runs_of_its_own(
    tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    cells = {
        name: make_plan(make_study(data=name), tmp_path / name, device="cpu").cells[0]
        for name in ("rendered", "colour", "noisy", "correlated")
    }
    assert len({cell.run.identity for cell in cells.values()}) == 4
    channels = {name: cell.channels for name, cell in cells.items()}
    assert channels == {"rendered": 1, "colour": 3, "noisy": 3, "correlated": 1}


def test_protocol_that_needs_more_images_than_a_file_has_is_refused(
    tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    """Whatever dSprites would have: how many images there are is known once the file is open."""
    path = tmp_path / "few.npz"
    np.savez(path, images=np.zeros((6, 64, 64), np.uint8), factor_sizes=[2, 3])
    evaluation = {"grid": "full", "protocols": ["mig/locatello2019"]}
    study = make_study(data=str(path), evaluation=evaluation)
    said = r"mig/locatello2019 needs 10,000 images; the grid 'full' has 6"
    with pytest.raises(StudyError, match=said):
        make_plan(study, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


def test_finished_and_diverged_runs_are_done(
    tmp_path: Path, make_study: Callable[..., Study], write_run: Callable[..., RunFolder]
) -> None:
    study = make_study(seeds=3, evaluation={"representations": ["mean"]})
    first, second, unscored, *_ = make_plan(study, tmp_path, device="cpu").cells
    write_run(Store(tmp_path), first.run, {"mig/exact": 0.5})
    lost = LossRecord(1, *[float("nan")] * 3)
    write_run(Store(tmp_path), second.run, status="diverged", losses=[lost])
    write_run(Store(tmp_path), unscored.run)
    plan = make_plan(study, tmp_path, device="cpu")
    assert plan.to_do == plan.cells[2:]
    assert plan.n_done == 2


@pytest.mark.parametrize(("flags", "precision"), [("avx512_bf16", "bf16"), ("sse2", "fp32")])
def test_auto_precision_is_the_best_of_this_machine(
    flags: str,
    precision: str,
    tmp_path: Path,
    make_study: Callable[..., Study],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hardware, "_cpuinfo", lambda: [f"flags : {flags}"])
    plan = make_plan(make_study(training={"precision": "auto"}), tmp_path, device="cpu")
    assert {cell.run.precision for cell in plan.cells} == {precision}
    assert plan.study.training.precision == precision


def test_auto_precision_is_that_of_the_runs_there(
    tmp_path: Path, make_study: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory that was begun on another machine is gone on with in its precision."""
    monkeypatch.setattr(hardware, "_cpuinfo", lambda: ["flags : avx512_bf16"])
    Store(tmp_path).open_for(make_study(training={"precision": "fp32"}))
    plan = make_plan(make_study(training={"precision": "auto"}), tmp_path, device="cpu")
    assert plan.study.training.precision == "fp32"


def test_plan_is_refused_before_anything_is_written(
    tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    Store(tmp_path / "old").open_for(make_study())
    before = (tmp_path / "old" / "study.toml").read_bytes()
    with pytest.raises(StoreError, match=r"training\.steps: 4 there, 5 asked for"):
        make_plan(make_study(training={"steps": 5}), tmp_path / "old", device="cpu")
    with pytest.raises(StudyError, match="there is no device 'gpu'"):
        make_plan(make_study(), tmp_path / "new", device="gpu")
    with pytest.raises(DataError, match=r"there are no images at 'nowhere\.npz'"):
        make_plan(make_study(data="nowhere.npz"), tmp_path / "new", device="cpu")
    assert (tmp_path / "old" / "study.toml").read_bytes() == before
    assert not (tmp_path / "new").exists()
