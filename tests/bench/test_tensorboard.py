"""Event files that TensorBoard reads back, of a run whose bits they do not change."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import pytest

from disbench import tensorboard, training
from disbench.errors import StudyError
from disbench.finishing import finish
from disbench.plan import make_plan
from disbench.records import LossRecord
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.study import Study

BITS = ("details.h5", "losses.csv", "model.safetensors", "pictures.h5")


def _scalars(directory: Path) -> dict[str, list[tuple[int, float]]]:
    """The steps and values in the event files of a directory, by name."""
    from tensorboard.backend.event_processing.event_accumulator import (  # noqa: PLC0415
        EventAccumulator,
    )

    events = EventAccumulator(str(directory)).Reload()
    names = events.Tags()["scalars"]
    return {name: [(e.step, e.value) for e in events.Scalars(name)] for name in names}


def _finish(study: Study, directory: Path, *, tensorboard: bool) -> list[Path]:
    Store(directory).open_for(study)
    plan = make_plan(study, directory, device="cpu", tensorboard=tensorboard)
    assert [finish(cell).status for cell in plan.cells] == ["done", "done"]
    return [Store(directory).folder(cell.run).path for cell in plan.cells]


@pytest.mark.usefixtures("quick_evaluation")
def test_curves_and_scores_are_read_back_and_no_bit_is_changed(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MIN_INTERVAL", 2)
    study = make_study(training={"steps": 4})
    without = _finish(study, tmp_path / "without", tensorboard=False)
    autoencoder, beta_vae = folders = _finish(study, tmp_path / "with", tensorboard=True)
    for path, other in zip(folders, without, strict=True):
        assert {n: (path / n).read_bytes() for n in BITS} == {
            n: (other / n).read_bytes() for n in BITS
        }
    assert not (tmp_path / "without" / "tensorboard").exists()
    found = _scalars(tmp_path / "with" / "tensorboard" / beta_vae.name)
    folder = Store(tmp_path / "with").folder(make_plan(study, tmp_path / "with").cells[1].run)
    losses, evaluation = folder.losses(), folder.evaluation()
    assert evaluation is not None
    assert found.pop("reconstruction") == _float32((r.step, r.reconstruction) for r in losses)
    assert found.pop("kl") == _float32((r.step, r.kl) for r in losses)
    assert found.pop("elbo") == _float32((r.step, -r.reconstruction - r.kl) for r in losses)
    assert [(step, rate > 0) for step, rate in found.pop("steps per second")] == [
        (2, True),
        (4, True),
    ]
    assert found == {
        f"scores/mig/exact/{score.representation}/0": _float32([(4, score.value)])
        for score in evaluation.scores
    }
    of_autoencoder = _scalars(tmp_path / "with" / "tensorboard" / autoencoder.name)
    assert set(of_autoencoder) == {
        "reconstruction",
        "steps per second",
        "scores/mig/exact/mean/0",
    }


def _float32(pairs: Any) -> list[Any]:
    return [(step, pytest.approx(value, rel=1e-6)) for step, value in pairs]


def test_steps_per_second_are_those_since_the_record_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([100.0, 110.0, 112.0])
    monkeypatch.setattr(tensorboard.time, "perf_counter", lambda: next(times))
    with tensorboard.curves(tmp_path / "run", variational=False) as write:
        write(LossRecord(50, 1, 1, math.nan))
        write(LossRecord(80, 1, 1, math.nan))
    assert _scalars(tmp_path / "run")["steps per second"] == [(50, 5), (80, 15)]


def test_run_that_is_trained_again_begins_a_new_curve(tmp_path: Path) -> None:
    for value in (3.0, 2.0):
        with tensorboard.curves(tmp_path / "run", variational=False) as write:
            write(LossRecord(50, value, value, math.nan))
    assert _scalars(tmp_path / "run")["reconstruction"] == [(50, 2)]


def test_loss_that_is_no_number_is_not_hidden(tmp_path: Path) -> None:
    with tensorboard.curves(tmp_path / "run", variational=True) as write:
        write(LossRecord(50, math.nan, math.nan, math.nan))
    found = _scalars(tmp_path / "run")
    assert [math.isnan(found[name][0][1]) for name in ("reconstruction", "kl", "elbo")] == [
        True
    ] * 3


def test_missing_package_is_told_before_anything_starts(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(StudyError, match=r"pip install 'disbench\[tensorboard\]'"):
        make_plan(make_study(), tmp_path / "out", device="cpu", tensorboard=True)
    assert not (tmp_path / "out").exists()
    make_plan(make_study(), tmp_path / "out", device="cpu")
