"""A run and images in, a trained model out."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.optim import Adagrad, Adam

from disbench.dsprites import batch_rows
from disbench.models.autoencoder import build
from disbench.models.networks import NETWORKS
from disbench.records import LossRecord
from disbench.seeds import generator, stream_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from torch import Tensor
    from torch.optim import Optimizer

    from disbench.dsprites import PackedImages
    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objectives import Loss, Objective
    from disbench.runs import Run

# Every argument that shapes the updates is stated: torch's defaults are not part of a definition.
OPTIMISERS: Mapping[str, Callable[..., Optimizer]] = {
    "adam": partial(Adam, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, fused=True),
    "adagrad": partial(
        Adagrad, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, fused=True
    ),
}

MAX_RECORDS = 1000
MIN_INTERVAL = 50


@dataclass(frozen=True)
class Trained:
    """A model after its last step, and its losses on the way."""

    model: Autoencoder
    losses: tuple[LossRecord, ...]
    steps_done: int
    diverged: bool
    """Whether the loss stopped being a finite number, which ended the training."""


@dataclass(frozen=True)
class Trainer:
    """A run under way: the model and its optimiser, both changed by every step."""

    run: Run
    images: PackedImages
    device: str
    objective: Objective
    model: Autoencoder
    optimiser: Optimizer
    batch_key: int
    noise_key: int

    @classmethod
    def start(cls, run: Run, images: PackedImages, *, device: str) -> Trainer:
        """The run before its first step, with the weights that its identity draws."""
        model = initial_model(run).to(device)
        return cls(
            run=run,
            images=images,
            device=device,
            objective=run.with_hyperparameters(),
            model=model,
            optimiser=OPTIMISERS[run.optimiser](model.parameters(), lr=run.learning_rate),
            batch_key=stream_key(run.identity, "batches"),
            noise_key=stream_key(run.identity, "noise"),
        )

    def step(self, step: int) -> Loss:
        """Take step number `step` (from 0), and return the loss it was taken on."""
        loss = self.loss(step)
        self.optimiser.zero_grad()
        loss.total.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return loss

    def loss(self, step: int) -> Loss:
        """The loss of the model as it is, on the batch and the noise of a step."""
        with autocast(self.run.precision, self.device):
            return self.objective.loss(self.model, self.batch(step), noise=self.noise(step))

    def batch(self, step: int) -> Tensor:
        """The images of a step: (batch_size, 1, 64, 64) of 0.0 and 1.0."""
        rows = batch_rows(
            self.batch_key, step, n_images=len(self.images), batch_size=self.run.batch_size
        )
        return as_tensor(self.images, rows, device=self.device)

    def noise(self, step: int) -> Tensor:
        """The standard normal noise of a step: (batch_size, latents)."""
        shape = (self.run.batch_size, self.run.latents)
        noise = generator(self.noise_key, step=step).standard_normal(shape, dtype=np.float32)
        return torch.from_numpy(noise).to(self.device)

    def interval(self, steps: range) -> LossRecord:
        """Take these steps; the mean losses come back once, so that a GPU waits once."""
        parts = torch.zeros(3, device=self.device)
        for step in steps:
            loss = self.step(step)
            kl = torch.nan if loss.kl is None else loss.kl.detach()
            parts += torch.stack([torch.as_tensor(p) for p in (*_detached(loss), kl)])
        return LossRecord(steps.stop, *(parts / len(steps)).tolist())


def train(
    run: Run,
    images: PackedImages,
    *,
    device: str,
    on_record: Callable[[LossRecord], None] = lambda _: None,
) -> Trained:
    """Train a run to its last step, or to the first interval with a loss that is not finite.

    The result depends on the run, the device and the number of threads alone. `on_record` is
    called with every record of the losses as soon as there is one.
    """
    trainer = Trainer.start(run, images, device=device)
    losses: list[LossRecord] = []
    with _deterministic(device):
        for steps in _intervals(run.steps):
            losses.append(trainer.interval(steps))
            on_record(losses[-1])
            if not math.isfinite(losses[-1].loss):
                break
    # A loss is known of the weights before a step: those after the last one need one more.
    with torch.no_grad():
        final = trainer.loss(run.steps).total.item()
    diverged = not math.isfinite(losses[-1].loss + final)
    return Trained(trainer.model, tuple(losses), losses[-1].step, diverged)


def initial_model(run: Run) -> Autoencoder:
    """The model of a run before training, on the CPU."""
    rng = generator(stream_key(run.identity, "weights"))
    return build(NETWORKS[run.network], latents=run.latents, rng=rng)


def as_tensor(images: PackedImages, rows: np.ndarray, *, device: str) -> Tensor:
    """The images at these rows as (n, 1, 64, 64) of 0.0 and 1.0, widened on the device."""
    unpacked = torch.from_numpy(images.unpack(rows))
    return unpacked.to(device)[:, None].float()


def autocast(precision: str, device: str) -> AbstractContextManager[object]:
    """Multiply in bfloat16 inside the block where the precision says so; weights stay float32."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device, dtype=torch.bfloat16)


def _detached(loss: Loss) -> tuple[Tensor, Tensor]:
    return loss.total.detach(), loss.reconstruction.detach()


def _intervals(n_steps: int) -> Iterator[range]:
    """The steps between records: at most `MAX_RECORDS` of them, fixed by the number of steps."""
    length = max(MIN_INTERVAL, -(-n_steps // MAX_RECORDS))
    return (range(start, min(start + length, n_steps)) for start in range(0, n_steps, length))


def _deterministic(device: str) -> AbstractContextManager[object]:
    if device == "cpu":
        return nullcontext()
    return torch.backends.cudnn.flags(deterministic=True, benchmark=False)
