"""Runs that differ in seed and hyper-parameters alone train together, as many as fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import torch

from disbench import cohorts
from disbench.checkpoints import Checkpoints
from disbench.cohorts import bytes_of_run, cohorts_of, halves
from disbench.models.beta_vae import BetaVAE
from disbench.models.objectives import OBJECTIVES
from disbench.plan import make_plan
from disbench.provenance import provenance
from disbench.sittings import Sittings
from disbench.store import Store
from disbench.training import Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.runs import Run
    from disbench.study import Study

PLENTY = 10**15


@pytest.fixture
def make_cells(tmp_path: Path, make_study: Callable[..., Study]) -> Callable[..., list[Cell]]:
    """Cells of these runs in an empty store."""
    study = make_study()
    Store(tmp_path).open_for(study)
    [first, *_] = make_plan(study, tmp_path, device="cpu").cells

    def make(*runs: Run) -> list[Cell]:
        return [replace(first, run=run) for run in runs]

    return make


def _labels(groups: Sequence[Sequence[Cell]]) -> list[list[str]]:
    return [[cell.run.label for cell in group] for group in groups]


def _sizes(groups: Sequence[Sequence[object]]) -> list[int]:
    return [len(group) for group in groups]


def _leave_at(cell: Cell, step: int) -> None:
    """A checkpoint of the run after this step."""
    store = Store(cell.directory)
    with store.claimed(cell.run) as claim:
        sittings = Sittings(cell.run, store, cell.checkpoint, claim, lambda: False, [])
        sittings.begin()
        sittings.resume(provenance("cpu"))
        sittings.save(step, Moment(step, {"x": torch.zeros(1)}))


def test_seeds_and_hyperparameters_train_together(
    make_run: Callable[..., Run], make_cells: Callable[..., list[Cell]]
) -> None:
    cells = make_cells(
        *(make_run(seed=s, hyperparameters={"beta": b}) for s in (0, 1) for b in (1.0, 4.0))
    )
    assert cohorts_of(cells, free_bytes=PLENTY) == [cells]


@pytest.mark.parametrize(
    "change",
    [
        {"objective": "ada_gvae"},
        {"network": "burgess"},
        {"latents": 4},
        {"steps": 5},
        {"batch_size": 4},
        {"optimiser": "adagrad"},
        {"learning_rate": 1e-4},
        {"precision": "bf16"},
        {"data_sha256": "1" * 64},
    ],
)
def test_runs_that_differ_in_more_are_apart(
    change: dict[str, Any], make_run: Callable[..., Run], make_cells: Callable[..., list[Cell]]
) -> None:
    one, other, third = make_cells(make_run(), make_run(**change), make_run(seed=1))
    assert cohorts_of([one, other, third], free_bytes=PLENTY) == [[one, third], [other]]


@dataclass(frozen=True)
class _Branching(BetaVAE):
    """An objective that looks at its hyper-parameters."""

    mixes: ClassVar[bool] = False


def test_hyperparameters_that_do_not_mix_are_apart(
    make_run: Callable[..., Run],
    make_cells: Callable[..., list[Cell]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The seeds of each setting still train together."""
    monkeypatch.setitem(OBJECTIVES, "branching", _Branching)
    cells = make_cells(
        *(
            make_run(objective="branching", seed=seed, hyperparameters={"beta": beta})
            for seed in (0, 1)
            for beta in (1.0, 4.0)
        )
    )
    assert cohorts_of(cells, free_bytes=PLENTY) == [cells[::2], cells[1::2]]


def test_runs_that_were_left_at_other_steps_are_apart(
    make_run: Callable[..., Run], make_cells: Callable[..., list[Cell]]
) -> None:
    cells = make_cells(*(make_run(seed=seed) for seed in range(4)))
    for cell, step in ((cells[1], 2), (cells[3], 2), (cells[2], 3)):
        _leave_at(cell, step)
        run, folder = cell.run, Store(cell.directory).begun(cell.run).path
        assert Checkpoints(run, folder).last_step() == step
    found = cohorts_of(cells, free_bytes=PLENTY)
    assert found == [[cells[0]], [cells[1], cells[3]], [cells[2]]]


def test_baselines_are_one_cohort(
    make_run: Callable[..., Run], make_cells: Callable[..., list[Cell]]
) -> None:
    """They are fitted one after the other, whatever their memory."""
    names = ("untrained", "pca")
    changes = {"hyperparameters": {}, "steps": 0}
    cells = make_cells(*(make_run(objective=name, **changes) for name in names), make_run())
    assert cohorts_of(cells, free_bytes=1) == [cells[:2], cells[2:]]


@pytest.mark.parametrize(
    ("n", "fitting", "sizes"),
    [(7, 7, [7]), (7, 6, [4, 3]), (7, 3, [3, 3, 1]), (7, 1, [1] * 7), (2, 0.4, [1, 1])],
)
def test_cohorts_fit_and_are_of_about_one_size(
    n: int,
    fitting: float,
    sizes: list[int],
    make_run: Callable[..., Run],
    make_cells: Callable[..., list[Cell]],
) -> None:
    """A run that does not fit at all is tried on its own."""
    cells = make_cells(*(make_run(seed=seed) for seed in range(n)))
    each = bytes_of_run(cells[0].run, channels=1)
    found = cohorts_of(cells, free_bytes=int((fitting + 0.01) * each / cohorts.SHARE))
    assert _sizes(found) == sizes
    assert [cell for cohort in found for cell in cohort] == cells


def test_cohorts_are_of_no_more_than_most(
    make_run: Callable[..., Run],
    make_cells: Callable[..., list[Cell]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cohorts, "MOST_RUNS", 4)
    cells = make_cells(*(make_run(seed=seed) for seed in range(9)))
    assert _sizes(cohorts_of(cells, free_bytes=PLENTY)) == [3, 3, 3]


def test_no_cells_are_no_cohorts() -> None:
    assert cohorts_of([], free_bytes=PLENTY) == []


@pytest.mark.parametrize(
    ("members", "expected"),
    [([1, 2, 3, 4], [[1, 2], [3, 4]]), ([1, 2, 3], [[1, 2], [3]]), ([1, 2], [[1], [2]])],
)
def test_halves_are_of_about_one_size(members: list[int], expected: list[list[int]]) -> None:
    assert halves(members) == expected


def test_bytes_by_hand(make_run: Callable[..., Run]) -> None:
    """Of the network `conv`: weights as four numbers and one more; activations and gradients.

    The encoder puts out four convolutions and their ReLUs, the flattened last one, 256 numbers and
    their ReLU, the decoder as much the other way round, with an image at its end.
    """
    downwards = 2 * (32 * 32 * 32 + 32 * 16 * 16 + 64 * 8 * 8 + 64 * 4 * 4)
    encoder = downwards + 64 * 4 * 4 + 2 * 256 + 2 * 3
    upwards = 2 * (64 * 8 * 8 + 32 * 16 * 16 + 32 * 32 * 32) + 64 * 64
    decoder = 2 * 256 + 2 * 1024 + 1024 + upwards
    convolutions = (16 * 32 + 32) + (16 * 32 * 32 + 32) + (4 * 32 * 64 + 64) + (4 * 64 * 64 + 64)
    transposed = (16 * 64 * 64 + 64) + (16 * 64 * 32 + 32) + (16 * 32 * 32 + 32) + (16 * 32 + 1)
    dense = (1024 * 256 + 256) + 2 * (256 * 3 + 3) + (3 * 256 + 256) + (256 * 1024 + 1024)
    weights, numbers = convolutions + transposed + dense, 8 * (encoder + decoder)
    found = bytes_of_run(make_run(), channels=1)
    assert found == 20 * weights + 8 * numbers
    rounded = bytes_of_run(make_run(precision="bf16"), channels=1)
    assert rounded == 18 * weights + 4 * numbers


def test_companions_count_as_a_second_batch(make_run: Callable[..., Run]) -> None:
    """What a batch of twice as many images would take, of the same network."""
    pairs = make_run(objective="ada_gvae", batch_size=8)
    assert bytes_of_run(pairs, channels=1) == bytes_of_run(make_run(batch_size=16), channels=1)


def test_colours_take_more(make_run: Callable[..., Run]) -> None:
    grey, coloured = (bytes_of_run(make_run(), channels=channels) for channels in (1, 3))
    weights = 2 * (16 * 32 * 2) + 2
    assert coloured - grey == 20 * weights + 8 * 8 * 2 * 64 * 64


def test_an_adversary_counts(make_run: Callable[..., Run]) -> None:
    alone = make_run(objective="ada_gvae", hyperparameters={"beta": 1.0})
    with_adversary = make_run(objective="factor_vae", hyperparameters={"gamma": 10.0})
    more = bytes_of_run(with_adversary, channels=1) - bytes_of_run(alone, channels=1)
    n_weights = (alone.latents + 1) * 1000 + 5 * 1001 * 1000 + 1001 * 2
    assert more == (4 * 4 + 4) * n_weights
