"""An estimate counts up what a few steps say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench import estimate as module
from disbench.estimate import Estimate, estimate
from disbench.plan import make_plan
from disbench.study_files import parse_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.study import Study

PARAMETERS = 1_025 + 770 * 3 + 681_792  # of `conv` with three latents


@pytest.fixture
def estimated(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Estimate]:
    """An estimate of a study on a machine where everything takes half a second."""

    def make(*, jobs: int, **changes: object) -> Estimate:
        monkeypatch.setattr(module, "_median_seconds", lambda _: 0.5)
        monkeypatch.setattr(module, "_peak_bytes", lambda: 10**9)
        return estimate(make_plan(make_study(**changes), tmp_path, device="cpu"), jobs=jobs)

    return make


def test_estimate_by_hand(estimated: Callable[..., Estimate]) -> None:
    """Six runs of 4 steps on two workers, on 1,440 images in batches of 64."""
    found = estimated(jobs=2, seeds=3)
    assert found.jobs == 2
    assert found.step_seconds == {"ae": 0.5, "beta_vae": 0.5}
    assert found.seconds == pytest.approx(3 * (4 * 0.5 + 2 * 1440 / 64 * 0.5))
    assert found.memory_bytes == 2 * 10**9 + 737_280 * 512
    assert found.disk_bytes == 6 * (4 * PARAMETERS + module.PICTURES_BYTES)


def test_coloured_data_are_timed_in_colour(estimated: Callable[..., Estimate]) -> None:
    found = estimated(jobs=1, data="colour", objectives=[{"name": "ae"}])
    two_more_channels = 2 * (32 * 16) * 2 + 2  # kernels of 4 x 4, in and out, and two biases
    weights = 4 * (PARAMETERS + two_more_channels)
    assert found.disk_bytes == weights + module.PICTURES_BYTES
    assert found.memory_bytes == 10**9 + 737_280 * 512


def test_fewer_images_than_a_batch_are_enough(
    make_study: Callable[..., Study], tmp_path: Path
) -> None:
    path = tmp_path / "few.npz"
    images = np.zeros((6, 64, 64), np.uint8)
    np.savez(path, images=images, factor_sizes=[2, 3])
    study = make_study(data=str(path), objectives=[{"name": "ae"}])
    plan = make_plan(study, tmp_path / "out", device="cpu")
    assert estimate(plan, jobs=1).seconds > 0


def test_large_grid_is_decoded_in_part(estimated: Callable[..., Estimate]) -> None:
    found = estimated(jobs=1, objectives=[{"name": "ae"}], evaluation={"grid": "coarse"})
    assert found.seconds == pytest.approx(4 * 0.5 + (46_080 + 10_000) / 64 * 0.5)


def test_codes_take_disk(estimated: Callable[..., Estimate]) -> None:
    without, with_codes = (
        estimated(jobs=1, evaluation={"save_codes": save}).disk_bytes for save in (False, True)
    )
    assert with_codes - without == 2 * 1440 * 3 * 8  # two float32 a dimension


def test_each_objective_has_its_own_pace() -> None:
    speeds = module.Speeds({"vae": 1.0, "factor_vae": 3.0}, 0.0, 0.0, 0)
    objectives = [{"name": "vae"}, {"name": "factor_vae", "gamma": 1}]
    study = parse_study({"name": "two", "objectives": objectives}, source="two")
    seconds = [speeds.training(r) for r in study.runs(precision="fp32", data_sha256="0" * 64)]
    assert seconds == [300_000, 900_000]


def test_of_baselines_only_those_with_a_network_count(estimated: Callable[..., Estimate]) -> None:
    alone = estimated(jobs=1, objectives=[], baselines=["pca", "pixels", "untrained"])
    assert alone.step_seconds == {}
    assert alone.seconds == pytest.approx(2 * 1440 / 64 * 0.5)  # encoded and decoded
    beside = estimated(jobs=1, baselines=["pca", "untrained"])
    assert beside.step_seconds == {"ae": 0.5, "beta_vae": 0.5}
    assert beside.seconds == pytest.approx(2 * 4 * 0.5 + 3 * 2 * 1440 / 64 * 0.5)


def test_no_more_workers_than_runs(estimated: Callable[..., Estimate]) -> None:
    assert estimated(jobs=16).jobs == 2


def test_steps_are_taken_on_this_machine(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "N_WARM_UP", 0)
    monkeypatch.setattr(module, "N_TIMED", 1)
    found = estimate(make_plan(make_study(), tmp_path / "out", device="cpu"), jobs=1)
    assert list(found.step_seconds) == ["ae", "beta_vae"]
    assert all(0 < seconds < 10 for seconds in found.step_seconds.values())
    assert found.seconds > 4 * sum(found.step_seconds.values())
    assert found.memory_bytes > 737_280 * 512 + 10**8
    assert not (tmp_path / "out").exists()
