"""A model in, the codes of every image of a factor grid out: once a run, for all metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from disbench.models.stacked.single import Single
from disbench.resident import supply_of
from disbench.trainer import as_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from disbench.datasets.grid import Grid
    from disbench.datasets.images import ImageSet
    from disbench.models.autoencoder import Autoencoder, Posterior

BATCH_SIZE = 64  # activations of so few images stay in the cache of a core
BATCH_SIZES = {"cpu": BATCH_SIZE, "cuda": 4096}


class Coder(Protocol):
    """What encodes images and decodes codes; see `Autoencoder`."""

    def encode(self, images: Tensor) -> Posterior:
        """The posterior of images."""
        ...

    def decode(self, codes: Tensor) -> Tensor:
        """The logits of codes."""
        ...


@dataclass(frozen=True, eq=False)
class Codes:
    """Posterior means of a grid's images, (n, latents) float32, and log-variances of a VAE's."""

    grid: Grid
    mean: NDArray[np.float32]
    log_variance: NDArray[np.float32] | None

    def kl(self) -> NDArray[np.float64] | None:
        """KL from the prior in nats, by dimension, mean over the images: (latents,).

        None for codes without a posterior.
        """
        if self.log_variance is None:
            return None
        log_variance = self.log_variance.astype(np.float64)
        mean = self.mean.astype(np.float64)
        divergence = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
        return np.asarray(divergence.mean(axis=0))


def encode(
    model: Autoencoder,
    images: ImageSet,
    grid: Grid,
    *,
    variational: bool,
    device: str,
) -> Codes:
    """The codes of every image of the grid, in the order of the grid.

    Codes are measurements, so they are computed in float32 whatever precision trained the model.
    """
    mean, log_variance = encode_rows(model, images, grid.rows(), device=device)
    return Codes(grid, mean, log_variance if variational else None)


@torch.inference_mode()
def encode_rows(
    model: Autoencoder, images: ImageSet, rows: NDArray[np.int64], *, device: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The posterior means and log-variances of the images at these rows: two (rows, latents)."""
    shape = (len(rows), model.latents)
    mean, log_variance = np.empty(shape, np.float32), np.empty(shape, np.float32)
    size, coder, at = BATCH_SIZES[device], on(device, model), _supply(images, device)
    for start in range(0, len(rows), size):
        batch = slice(start, start + size)
        posterior = coder.encode(at(rows[batch]))
        mean[batch] = posterior.mean.cpu().numpy()
        log_variance[batch] = posterior.log_variance.cpu().numpy()
    return mean, log_variance


def on(device: str, model: Autoencoder) -> Coder:
    """What encodes and decodes as the model does, on a device."""
    return model if device == "cpu" else Single(model, device=device)


def _supply(images: ImageSet, device: str) -> Callable[[NDArray[np.int64]], Tensor]:
    """What gives the images at some rows, (n, channels, 64, 64); a GPU unpacks them itself."""
    if device == "cpu":
        return partial(as_tensor, images, device=device)
    supply = supply_of(images, device=device, precision="fp32")
    return lambda rows: supply.received(torch.from_numpy(supply.sent(rows)).to(device))
