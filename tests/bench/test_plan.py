"""A plan makes every choice for this machine, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
