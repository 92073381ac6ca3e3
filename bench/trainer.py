"""A run under way, and the steps that it takes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.optim import Adagrad, Adam

from disbench.models.autoencoder import build
from disbench.models.networks import NETWORKS
from disbench.seeds import generator, stream_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from torch import Tensor
    from torch.optim import Optimizer

    from disbench.datasets.images import ImageSet
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

STATES: Mapping[str, frozenset[str]] = {
    "adam": frozenset({"step", "exp_avg", "exp_avg_sq"}),
    "adagrad": frozenset({"step", "sum"}),
}
"""What each optimiser keeps of each parameter."""


@dataclass(frozen=True)
class Trainer:
    """A run under way: the model and its optimiser, both changed by every step."""

    run: Run
    images: ImageSet
    device: str
    objective: Objective
    model: Autoencoder
    optimiser: Optimizer
    batch_key: int
    noise_key: int

    @classmethod
    def start(cls, run: Run, images: ImageSet, *, device: str) -> Trainer:
        """The run before its first step, with the weights that its identity draws."""
        model = initial_model(run, channels=images.channels).to(device)
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
        """The images of a step: (batch_size, channels, 64, 64) of values in [0, 1]."""
        rows = self.images.draw(self.batch_key, step, batch_size=self.run.batch_size)
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
        """Go on from these tensors; one of several errors for those of another model."""
        parameters = list(self.model.parameters())
        states: dict[int, dict[str, Tensor]] = {}
        for index, key, tensor in _optimiser_tensors(tensors):
            states.setdefault(index, {})[key] = _laid_out_as(parameters[index], tensor)
        # An autoencoder has parameters that no loss depends on: of these nothing is kept.
        if any(state.keys() != STATES[self.run.optimiser] for state in states.values()):
            raise ValueError(f"it holds another state than that of {self.run.optimiser}")
        groups = self.optimiser.state_dict()["param_groups"]
        self.model.load_state_dict(_below("model.", tensors))
        self.optimiser.load_state_dict({"state": states, "param_groups": groups})


def initial_model(run: Run, *, channels: int = 1) -> Autoencoder:
    """The model of a run before training, on the CPU, for images of these channels."""
    rng = generator(stream_key(run.identity, "weights"))
    return build(NETWORKS[run.network], latents=run.latents, channels=channels, rng=rng)


def as_tensor(images: ImageSet, rows: np.ndarray, *, device: str) -> Tensor:
    """The images at these rows as (n, channels, 64, 64) of 0 to 1, widened on the device."""
    unpacked = torch.from_numpy(images.unpack(rows)).to(device)
    pixels = unpacked[:, None] if images.channels == 1 else unpacked.permute(0, 3, 1, 2)
    return pixels.float() if images.largest == 1 else pixels.float() / images.largest


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
