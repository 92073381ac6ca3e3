"""Batches and models that are drawn the same way in every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor

from disbench.models.autoencoder import Autoencoder, build
from disbench.models.networks import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def drawn() -> Callable[..., Tensor]:
    """Standard normal tensors, the same for the same shape."""

    def draw(*shape: int) -> Tensor:
        return torch.from_numpy(np.random.default_rng(7).standard_normal(shape, np.float32))

    return draw


@pytest.fixture
def images() -> Tensor:
    """Four images of 0.0 and 1.0."""
    pixels = np.random.default_rng(0).integers(0, 2, (4, 1, 64, 64))
    return torch.from_numpy(pixels).float()


@pytest.fixture
def built() -> Callable[..., Autoencoder]:
    """A model by the name of its network, with weights from a seed."""

    def make(
        network: str = "conv", *, latents: int = 3, channels: int = 1, seed: int = 0
    ) -> Autoencoder:
        rng = np.random.default_rng(seed)
        return build(NETWORKS[network], latents=latents, channels=channels, rng=rng)

    return make
