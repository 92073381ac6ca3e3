"""Scores that judge each run of a setting by the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.datasets.grid import grids_of
from disbench.dsprites import COARSE
from disbench.encoding import Codes
from disbench.groups import score_groups
from disbench.store import Store
from disbench.tables import tabulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from disbench.datasets.grid import Grid
    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.study import Study

UDR = "udr/spearman"


def _codes(mean: NDArray[np.float64], grid: Grid) -> Codes:
    """Codes whose posteriors are far from the prior, so that every dimension counts."""
    return Codes(grid, mean.astype(np.float32), np.full(mean.shape, -4, np.float32))


def test_runs_on_other_factors_are_compared_on_their_own_grid(
    study: Study, make_run: Callable[..., Run], write_run: Callable[..., RunFolder], tmp_path: Path
) -> None:
    store = Store(tmp_path / "others")
    store.open_for(study)
    factors = {"wall": 16, "floor": 16, "pose": 16, "hue": 3}
    grid = grids_of(factors)["coarse"]
    positions = grid.labels()[:, :2].astype(float)
    for seed, mean in enumerate((positions, -positions[:, ::-1])):
        run = make_run(seed=seed, latents=2)
        _keep(write_run(store, run, {}, factors=factors), mean, grid)
    score_groups(store, study)
    assert tabulate(store).scores["value"].tolist() == pytest.approx([1, 1], abs=0.01)


@pytest.fixture
def study(make_study: Callable[..., Study]) -> Study:
    """A study of three seeds that asks for UDR."""
    return make_study(
        seeds=3,
        objectives=[{"name": "beta_vae", "beta": [4]}],
        evaluation={"grid": "coarse", "protocols": [UDR]},
    )


@pytest.fixture
def store(
    study: Study,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
    tmp_path: Path,
) -> Store:
    """Two models with the positions for codes, in another order, and one of noise."""
    store = Store(tmp_path / "results")
    store.open_for(study)
    positions = COARSE.labels()[:, 3:].astype(float)
    noise = np.random.default_rng(0).normal(size=positions.shape)
    for seed, mean in enumerate((positions, -positions[:, ::-1], noise)):
        folder = write_run(store, make_run(seed=seed, latents=2), {})
        _keep(folder, mean)
    return store


def _keep(folder: RunFolder, mean: np.ndarray, grid: Grid = COARSE) -> None:
    record = folder.evaluation()
    assert record is not None
    folder.write_evaluation(record, {}, folder.pictures(), _codes(mean, grid))


def test_models_that_agree_up_to_order_and_sign_score_above_one_that_agrees_with_none(
    store: Store, study: Study
) -> None:
    score_groups(store, study)
    scores = tabulate(store).scores.set_index("seed")["value"]
    # The median of two partners is their mean: 1 with the twin, next to nothing with the noise.
    assert scores[0] == pytest.approx(0.5, abs=0.02)
    assert scores[1] == pytest.approx(0.5, abs=0.02)
    assert scores[2] < 0.05


def test_a_group_is_scored_once_and_again_when_a_run_joins_it(
    store: Store,
    study: Study,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    score_groups(store, study)
    [first] = store.groups()
    score_groups(store, study)
    assert [group.model_dump_json() for group in store.groups()] == [first.model_dump_json()]
    folder = write_run(store, make_run(seed=3, latents=2), {})
    _keep(folder, COARSE.labels()[:, 3:].astype(float))
    score_groups(store, study)
    assert sorted(len(group.identities) for group in store.groups()) == [3, 4]


def test_tables_take_the_scores_of_the_largest_group(
    store: Store,
    study: Study,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    score_groups(store, study)
    folder = write_run(store, make_run(seed=3, latents=2), {})
    _keep(folder, COARSE.labels()[:, 3:].astype(float))
    score_groups(store, study)
    scores = tabulate(store).scores
    assert scores["seed"].tolist() == [0, 1, 2, 3]
    assert scores.set_index("seed")["value"][0] == pytest.approx(1, abs=0.05)


def test_a_run_without_codes_or_of_another_setting_is_in_no_group(
    store: Store,
    study: Study,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    write_run(store, make_run(seed=8, latents=2), {})
    alone = write_run(store, make_run(seed=9, latents=2, hyperparameters={"beta": 1.0}), {})
    _keep(alone, COARSE.labels()[:, 3:].astype(float))
    score_groups(store, study)
    assert sorted(tabulate(store).scores["seed"]) == [0, 1, 2]


def test_the_same_runs_give_the_same_bits(store: Store, study: Study) -> None:
    score_groups(store, study)
    [first] = store.groups()
    for path in (store.directory / "groups").iterdir():
        path.unlink()
    score_groups(store, study)
    assert [group.model_dump_json() for group in store.groups()] == [first.model_dump_json()]


def test_networks_that_were_not_trained_are_no_group(
    study: Study,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "untrained")
    store.open_for(study)
    for seed in (0, 1):
        run = make_run(objective="untrained", hyperparameters={}, steps=0, seed=seed, latents=2)
        _keep(write_run(store, run, {}), COARSE.labels()[:, 3:].astype(float))
    score_groups(store, study)
    assert store.groups() == []
