"""Runs with weights to explore, and a few hundred reference images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_model

from disbench.dsprites import FactorGrid
from disbench.explorer import ReferenceImages, reference_images
from disbench.run_folder import RunFolder
from disbench.trainer import initial_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run


@pytest.fixture(scope="session")
def images() -> ReferenceImages:
    """3 x 2 x 5 x 4 x 4 = 480 images."""
    return reference_images(FactorGrid("few", stride=(1, 5, 8, 8, 8)))


@pytest.fixture(scope="session")
def make_model() -> Callable[[Run], Autoencoder]:
    """The model of a run as training might leave it: with biases, and pixels that differ."""

    def make(run: Run) -> Autoencoder:
        model = initial_model(run)
        rng = torch.Generator().manual_seed(run.seed)
        with torch.no_grad():
            for bias in (p for p in model.parameters() if p.ndim == 1):
                bias.normal_(std=0.1, generator=rng)
            _spread(model.decoder, torch.randn(64, run.latents, generator=rng))
        return model

    return make


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Autoencoder], RunFolder]:
    """Write a model to the folder of a run."""

    def write(model: Autoencoder) -> RunFolder:
        folder = RunFolder(tmp_path_factory.mktemp("run"))
        save_model(model, folder.weights)
        return folder

    return write


def _spread(decoder: nn.Sequential, codes: torch.Tensor) -> None:
    """Move and scale what the last layer gives to logits of mean 0 and standard deviation 3."""
    last = [layer for layer in decoder if hasattr(layer, "weight")][-1]
    logits = decoder(codes)
    last.bias.sub_(logits.mean())
    for parameter in last.parameters():
        parameter.mul_(3 / logits.std())
