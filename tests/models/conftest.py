"""Batches and models that are drawn the same way in every test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from disbench.models.autoencoder import Autoencoder, Posterior, build
from disbench.models.networks import NETWORKS
from disbench.models.objective import Batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.objective import Loss, Objective


class Stub(nn.Module):
    """A model whose posterior is a parameter, and whose every logit is the sum of the code.

    An image of zeros has the first posterior, one of ones the second, and so on where they are
    `told_apart`; otherwise a batch has them all, in their order.
    """

    def __init__(
        self,
        mean: list[list[float]],
        log_variance: list[list[float]],
        *,
        told_apart: bool = False,
    ) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.tensor(mean))
        self.log_variance = nn.Parameter(torch.tensor(log_variance))
        self.told_apart = told_apart

    def encode(self, images: Tensor) -> Posterior:
        """The posterior of images."""
        if self.told_apart:
            rows = images[:, 0, 0, 0].long()
            return Posterior(self.mean[rows], self.log_variance[rows])
        assert len(images) == len(self.mean)
        return Posterior(self.mean, self.log_variance)

    def decode(self, codes: Tensor) -> Tensor:
        """The sum of each code as the logit of all its pixels."""
        return codes.sum(dim=1)[:, None, None, None].expand(-1, 1, 64, 64)


@pytest.fixture
def stub() -> Callable[..., Autoencoder]:
    """A model with this posterior; see `Stub`."""

    def make(
        mean: list[list[float]], log_variance: list[list[float]], *, told_apart: bool = False
    ) -> Autoencoder:
        return cast("Autoencoder", Stub(mean, log_variance, told_apart=told_apart))

    return make


@pytest.fixture
def drawn() -> Callable[..., Tensor]:
    """Standard normal tensors, the same for the same shape."""

    def draw(*shape: int) -> Tensor:
        return torch.from_numpy(np.random.default_rng(7).standard_normal(shape, np.float32))

    return draw


@pytest.fixture
def images() -> Tensor:
    """Four images of 0.0 and 1.0."""
    return _binary(4, seed=0)


@pytest.fixture
def make_batch(images: Tensor, drawn: Callable[..., Tensor]) -> Callable[..., Batch]:
    """A batch of the four images with all that most objectives may ask for, and changes to it.

    The model is to have three latents, unless there is other noise.
    """

    def make(**changes: Any) -> Batch:
        content = {
            "images": images,
            "noise": drawn(4, 3),
            "n_images": 1000,
            "companions": _binary(4, seed=1),
            "companion_noise": drawn(8, 3)[4:],
        }
        return Batch(**content | changes)

    return make


@pytest.fixture
def loss_of(make_batch: Callable[..., Batch]) -> Callable[..., Loss]:
    """The loss of an objective on such a batch, with what it draws, and its adversary, of seeds."""

    def loss(objective: Objective, model: Autoencoder, **changes: Any) -> Loss:
        batch = make_batch(**changes)
        n, latents = batch.noise.shape
        own = objective.draw(n=n, latents=latents, rng=np.random.default_rng(3))
        for_it = {
            "adversary": objective.adversary(latents=latents, rng=np.random.default_rng(5)),
            "drawn": None if own is None else torch.from_numpy(own),
        }
        return objective.loss(model, make_batch(**for_it | changes))

    return loss


@pytest.fixture
def same_bits(
    built: Callable[..., Autoencoder], loss_of: Callable[..., Loss]
) -> Callable[..., bool]:
    """Whether two objectives have the same total, parts and gradients, to the bit, on a batch."""

    def compare(ours: Objective, theirs: Objective, **changes: Any) -> bool:
        found = []
        for objective in (ours, theirs):
            model = built()
            total, reconstruction, kl, _ = loss_of(objective, model, **changes)
            total.backward()
            assert kl is not None
            found.append([total, reconstruction, kl, *(p.grad for p in model.parameters())])
        return all(torch.equal(a, b) for a, b in zip(*found, strict=True))

    return compare


@pytest.fixture
def built() -> Callable[..., Autoencoder]:
    """A model by the name of its network, with weights from a seed."""

    def make(
        network: str = "conv", *, latents: int = 3, channels: int = 1, seed: int = 0
    ) -> Autoencoder:
        rng = np.random.default_rng(seed)
        return build(NETWORKS[network], latents=latents, channels=channels, rng=rng)

    return make


def _binary(n: int, *, seed: int) -> Tensor:
    pixels = np.random.default_rng(seed).integers(0, 2, (n, 1, 64, 64))
    return torch.from_numpy(pixels).float()
