"""A run under way, and the steps that it takes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from disbench.draws import Draws
from disbench.learner import Learner, Module
from disbench.models.autoencoder import build
from disbench.models.networks import NETWORKS
from disbench.models.objective import Batch
from disbench.optimisers import adversary_optimiser, optimiser_of
from disbench.resident import Streamed
from disbench.seeds import generator, stream_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from disbench.datasets.images import ImageSet
    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objective import Loss
    from disbench.runs import Run


@dataclass(frozen=True)
class Trainer:
    """A run under way: the learners are changed by every step."""

    run: Run
    draws: Draws
    device: str
    autoencoder: Learner[Autoencoder]
    adversary: Learner[nn.Module] | None

    @classmethod
    def start(cls, run: Run, images: ImageSet, *, device: str) -> Trainer:
        """The run before its first step, with the weights that its identity draws."""
        return cls(
            run=run,
            draws=Draws.of(run, images),
            device=device,
            autoencoder=learner_of(
                initial_model(run, channels=images.channels), run, device=device
            ),
            adversary=adversary_of(initial_adversary(run), device=device),
        )

    @property
    def images(self) -> ImageSet:
        """The images that it is trained on."""
        return self.draws.images

    @property
    def model(self) -> Autoencoder:
        """The autoencoder, as the steps so far have left it."""
        return self.autoencoder.network

    @property
    def learners(self) -> list[Learner[Any]]:
        """The autoencoder and its adversary, if it has one."""
        return [learner for learner in (self.autoencoder, self.adversary) if learner is not None]

    def step(self, step: int) -> Loss:
        """Take step number `step` (from 0), and return the loss it was taken on.

        An adversary takes its step on the same batch and the same weights. (There, the global step
        of disentanglement_lib counts both, so its 300,000 are 150,000 of these.)
        """
        loss = self.loss(step)
        self.autoencoder.set_gradients(loss.total, keep_graph=self.adversary is not None)
        if self.adversary is not None and loss.adversary is not None:
            self.adversary.set_gradients(loss.adversary)
        for learner in self.learners:
            learner.optimiser.step()
        return loss

    def loss(self, step: int) -> Loss:
        """The loss of the model as it is, on the batch of a step."""
        with autocast(self.run.precision, self.device):
            return self.draws.objective.loss(self.model, self.batch(step))

    def batch(self, step: int) -> Batch:
        """All that a step draws; its images are (batch_size, channels, 64, 64)."""
        drawn = self.draws.at(step)
        return Batch(
            images=self._images(drawn.rows),
            noise=self._tensor(drawn.noise),
            n_images=len(self.images),
            step=step,
            drawn=_if_any(self._tensor, drawn.own),
            companions=_if_any(self._images, drawn.companions),
            companion_noise=_if_any(self._tensor, drawn.companion_noise),
            adversary=None if self.adversary is None else self.adversary.network,
        )

    def losses_of(self, step: int) -> Tensor:
        """Take a step; its total, reconstruction and KL stay on the device, NaN without a KL."""
        loss = self.step(step)
        kl = torch.nan if loss.kl is None else loss.kl.detach()
        return torch.stack([torch.as_tensor(part) for part in (*_detached(loss), kl)])

    def tensors(self) -> dict[str, Tensor]:
        """The weights and the state of the optimisers, by name."""
        return {name: t for learner in self.learners for name, t in learner.tensors().items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from these tensors; one of several errors for those of another model."""
        for learner in self.learners:
            learner.restore(tensors)

    def _images(self, rows: NDArray[np.int64]) -> Tensor:
        return as_tensor(self.images, rows, device=self.device)

    def _tensor(self, drawn: NDArray[Any]) -> Tensor:
        return torch.from_numpy(drawn).to(self.device)


def _if_any(make: Callable[[NDArray[Any]], Tensor], drawn: NDArray[Any] | None) -> Tensor | None:
    return None if drawn is None else make(drawn)


def learner_of(network: Module, run: Run, *, device: str) -> Learner[Module]:
    """The autoencoder of a run, or of runs like it, on the device, and its optimiser."""
    network = network.to(device)
    parameters = network.parameters()
    optimiser = optimiser_of(run.optimiser, parameters, lr=run.learning_rate, device=device)
    return Learner(network, optimiser, "model", "optimiser")


def adversary_of(network: nn.Module | None, *, device: str) -> Learner[nn.Module] | None:
    """An adversary on the device and its optimiser, None if there is none."""
    if network is None:
        return None
    network = network.to(device)
    optimiser = adversary_optimiser(network.parameters(), device=device)
    return Learner(network, optimiser, "adversary", "adversary_optimiser")


def initial_model(run: Run, *, channels: int = 1) -> Autoencoder:
    """The model of a run before training, on the CPU, for images of these channels."""
    rng = generator(stream_key(run.identity, "weights"))
    return build(NETWORKS[run.network], latents=run.latents, channels=channels, rng=rng)


def initial_adversary(run: Run) -> nn.Module | None:
    """The adversary of a run before training, on the CPU, None if it has none."""
    rng = generator(stream_key(run.identity, "adversary"))
    return run.with_hyperparameters().adversary(latents=run.latents, rng=rng)


def as_tensor(images: ImageSet, rows: NDArray[np.int64], *, device: str) -> Tensor:
    """The images at these rows as (n, channels, 64, 64) of 0 to 1, widened on the device."""
    supply = Streamed(images)
    return supply.received(torch.from_numpy(supply.sent(rows)).to(device))


def autocast(precision: str, device: str) -> AbstractContextManager[object]:
    """Multiply in bfloat16 inside the block where the precision says so; weights stay float32."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device, dtype=torch.bfloat16)


def _detached(loss: Loss) -> tuple[Tensor, Tensor]:
    return loss.total.detach(), loss.reconstruction.detach()
