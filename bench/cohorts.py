"""Which runs are trained as one program, and how many of them."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from disbench.checkpoints import Checkpoints
from disbench.datasets.images import WIDTH
from disbench.store import Store
from disbench.trainer import initial_model

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


def halves(cohort: Sequence[Member]) -> list[list[Member]]:
    """A cohort that did not fit, as two."""
    middle = (len(cohort) + 1) // 2
    return [list(cohort[:middle]), list(cohort[middle:])]


def bytes_of_run(run: Run, *, channels: int) -> int:
    """About what a run takes in a cohort, rather more than less.

    Each weight is kept with its gradient and two means of it in float32, and in the type that is
    multiplied; each activation with its gradient. A FactorVAE codes twice as many images.
    """
    model, width = initial_model(run, channels=channels), 2 if run.precision == "bf16" else 4
    objective = run.with_hyperparameters()
    batches = 1 if objective.companions == "none" else 2
    activations = batches * run.batch_size * _activations(model, channels)
    return (4 * 4 + width) * sum(p.numel() for p in model.parameters()) + 2 * width * activations


def _key(cell: Cell) -> tuple[Any, ...]:
    if cell.run.is_baseline:
        return ()
    mixes = cell.run.with_hyperparameters().mixes
    apart = () if mixes else tuple(sorted(cell.run.hyperparameters.items()))
    step = Checkpoints(cell.run, Store(cell.directory).begun(cell.run).path).last_step()
    return replace(cell.run, seed=0, hyperparameters={}).identity, apart, step


def _size(group: Sequence[Cell], free_bytes: int) -> int:
    """As many as fit, in cohorts of about one size."""
    first = group[0]
    if first.run.is_baseline:
        return len(group)
    fitting = int(SHARE * free_bytes) // bytes_of_run(first.run, channels=first.channels)
    most = max(1, min(MOST_RUNS, fitting))
    n_cohorts = -(-len(group) // most)
    return -(-len(group) // n_cohorts)


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
