"""Which runs are trained as one program, and how many of them."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from disbench.checkpoints import Checkpoints
from disbench.datasets.images import WIDTH
from disbench.store import Store
from disbench.trainer import initial_adversary, initial_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor, nn

    from disbench.cells import Cell
    from disbench.runs import Run

Member = TypeVar("Member")

MOST_RUNS = 100
"""A GPU is busy with so many; with more, what is trained would wait longer to be scored."""

SHARE = 0.7
"""Of the memory that is free, what the runs of a cohort may be expected to take."""


def cohorts_of(cells: Iterable[Cell], *, free_bytes: int) -> list[list[Cell]]:
    """The cells of runs to be trained, in cohorts that fit into so much memory.

    The runs of one differ in nothing but seed and hyper-parameters, and go on from the same step.
    """
    groups: dict[Any, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(_key(cell), []).append(cell)
    return [
        group[start : start + size]
        for group in groups.values()
        for size in [_size(group, free_bytes)]
        for start in range(0, len(group), size)
    ]


def first_cohort(runs: Sequence[Run], *, channels: int, free_bytes: int) -> list[Run]:
    """The first of these runs, with those that would be trained with it."""
    first = runs[0]
    most = _most(first, channels=channels, free_bytes=free_bytes)
    return [run for run in runs if _peers(run) == _peers(first)][:most]


def halves(cohort: Sequence[Member]) -> list[list[Member]]:
    """A cohort that did not fit, as two."""
    middle = (len(cohort) + 1) // 2
    return [list(cohort[:middle]), list(cohort[middle:])]


def bytes_of_run(run: Run, *, channels: int) -> int:
    """About what a run takes in a cohort, rather more than less, its adversary included.

    Each weight is kept with its gradient and two means of it in float32, and in the type that is
    multiplied; each activation with its gradient. A FactorVAE codes twice as many images.
    """
    model, width = initial_model(run, channels=channels), 2 if run.precision == "bf16" else 4
    objective = run.with_hyperparameters()
    batches = 1 if objective.companions == "none" else 2
    activations = batches * run.batch_size * _activations(model, channels)
    networks = [network for network in (model, initial_adversary(run)) if network is not None]
    n_weights = sum(p.numel() for network in networks for p in network.parameters())
    return (4 * 4 + width) * n_weights + 2 * width * activations


def _key(cell: Cell) -> tuple[Any, ...]:
    if cell.run.is_baseline:
        return ()
    step = Checkpoints(cell.run, Store(cell.directory).begun(cell.run).path).last_step()
    return *_peers(cell.run), step


def _peers(run: Run) -> tuple[Any, ...]:
    """What runs that are trained together have in common."""
    mixes = run.with_hyperparameters().mixes
    apart = () if mixes else tuple(sorted(run.hyperparameters.items()))
    return replace(run, seed=0, hyperparameters={}).identity, apart


def _size(group: Sequence[Cell], free_bytes: int) -> int:
    """As many as fit, in cohorts of about one size."""
    first = group[0]
    if first.run.is_baseline:
        return len(group)
    most = _most(first.run, channels=first.channels, free_bytes=free_bytes)
    n_cohorts = -(-len(group) // most)
    return -(-len(group) // n_cohorts)


def _most(run: Run, *, channels: int, free_bytes: int) -> int:
    fitting = int(SHARE * free_bytes) // bytes_of_run(run, channels=channels)
    return max(1, min(MOST_RUNS, fitting))


@torch.inference_mode()
def _activations(model: nn.Module, channels: int) -> int:
    """The numbers that the layers of a model put out for an image."""
    counts: list[int] = []

    def count(layer: nn.Module, inputs: Any, output: Tensor) -> None:  # noqa: ANN401 - of a hook
        del layer, inputs
        counts.append(prod(output.shape))

    leaves = [layer for layer in model.modules() if not list(layer.children())]
    hooks = [leaf.register_forward_hook(count) for leaf in leaves]
    model.decode(model.encode(torch.zeros(1, channels, WIDTH, WIDTH)).mean)  # type: ignore[operator]
    for hook in hooks:
        hook.remove()
    return sum(counts)
