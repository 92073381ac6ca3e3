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


class MomentError(ValueError):
    """A moment is that of another model or optimiser."""


@dataclass(frozen=True)
class Moment:
    """A run between two steps: all that the rest of it depends on.

    The generators have no state beside the step. `tensors` are the weights, the state of the
    optimiser, the ``losses`` so far, (records, 4), and the ``sums`` of those since the last record.
    """

    step: int
    tensors: Mapping[str, Tensor]


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

    def losses_of(self, step: int) -> Tensor:
        """Take a step; its total, reconstruction and KL stay on the device, NaN without a KL."""
        loss = self.step(step)
        kl = torch.nan if loss.kl is None else loss.kl.detach()
        return torch.stack([torch.as_tensor(part) for part in (*_detached(loss), kl)])

    def tensors(self) -> dict[str, Tensor]:
        """The weights and the state of the optimiser, by name."""
        weights = {f"model.{name}": t for name, t in self.model.state_dict().items()}
        states = self.optimiser.state_dict()["state"]
        return weights | {
            f"optimiser.{index}.{key}": tensor
            for index, state in states.items()
            for key, tensor in state.items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from these tensors."""
        parameters = list(self.model.parameters())
        states: dict[int, dict[str, Tensor]] = {}
        for index, key, tensor in _optimiser_tensors(tensors):
            states.setdefault(index, {})[key] = _laid_out_as(parameters[index], tensor)
        groups = self.optimiser.state_dict()["param_groups"]
        self.model.load_state_dict(_below("model.", tensors))
        self.optimiser.load_state_dict({"state": states, "param_groups": groups})


def train(
    run: Run,
    images: PackedImages,
    *,
    device: str,
    on_record: Callable[[LossRecord], None] = lambda _: None,
    after_step: Callable[[int, Callable[[], Moment]], None] = lambda *_: None,
    moment: Moment | None = None,
) -> Trained:
    """Train a run to its last step, or to the first interval with a loss that is not finite.

    The result depends on the run, the device and the number of threads alone, and not on the
    `moment` that it goes on from. `on_record` is called with every record of the losses as soon
    as there is one; `after_step` with the number of steps taken and a function that makes a
    `Moment` of them, which is valid until the next step.

    Raises `MomentError` for a moment of another model or optimiser.
    """
    trainer = Trainer.start(run, images, device=device)
    course = Course.start(trainer) if moment is None else Course.restored(trainer, moment)
    with _deterministic(device):
        for steps in _intervals(run.steps):
            if course.has_diverged:
                break
            if steps.stop > course.step:
                on_record(course.go_on(steps.stop, after_step))
    # A loss is known of the weights before a step: those after the last one need one more.
    with torch.no_grad():
        final = trainer.loss(run.steps).total.item()
    losses = tuple(course.losses)
    diverged = not math.isfinite(losses[-1].loss + final)
    return Trained(trainer.model, losses, losses[-1].step, diverged)


@dataclass
class Course:
    """How far a trainer has got: the losses so far, and the sums of those since the last record."""

    trainer: Trainer
    step: int
    losses: list[LossRecord]
    sums: Tensor

    @classmethod
    def start(cls, trainer: Trainer) -> Course:
        """The course before the first step."""
        return cls(trainer, 0, [], torch.zeros(3, device=trainer.device))

    @classmethod
    def restored(cls, trainer: Trainer, moment: Moment) -> Course:
        """The course from a moment on; `MomentError` for that of another model or optimiser."""
        try:
            trainer.restore(moment.tensors)
            rows = moment.tensors["losses"].tolist()
            losses = [LossRecord(int(step), *values) for step, *values in rows]
            sums = moment.tensors["sums"].to(trainer.device).reshape(3)
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise MomentError(" ".join(str(error).split())) from None
        return cls(trainer, moment.step, losses, sums)

    @property
    def has_diverged(self) -> bool:
        """Whether the last record holds a loss that is not finite."""
        return bool(self.losses) and not math.isfinite(self.losses[-1].loss)

    def go_on(
        self, stop: int, after_step: Callable[[int, Callable[[], Moment]], None]
    ) -> LossRecord:
        """Take steps up to the next record; the losses come back once, so a GPU waits once."""
        while self.step < stop:
            self.sums += self.trainer.losses_of(self.step)
            self.step += 1
            if self.step < stop:
                after_step(self.step, self.moment)
        before = self.losses[-1].step if self.losses else 0
        self.losses.append(LossRecord(stop, *(self.sums / (stop - before)).tolist()))
        self.sums = torch.zeros_like(self.sums)
        after_step(self.step, self.moment)
        return self.losses[-1]

    def moment(self) -> Moment:
        """All that the rest depends on, valid until the next step."""
        losses = torch.tensor(self.losses, dtype=torch.float64).reshape(-1, 4)
        return Moment(self.step, {**self.trainer.tensors(), "losses": losses, "sums": self.sums})


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


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with the prefix, without it."""
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _optimiser_tensors(tensors: Mapping[str, Tensor]) -> Iterator[tuple[int, str, Tensor]]:
    for name, tensor in _below("optimiser.", tensors).items():
        index, _, key = name.partition(".")
        yield int(index), key, tensor


def _laid_out_as(parameter: Tensor, tensor: Tensor) -> Tensor:
    """The tensor in the memory order that the optimiser gave it: sums in it keep their order."""
    if tensor.shape != parameter.shape:  # the number of steps
        return tensor
    return torch.empty_like(parameter).copy_(tensor)


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
