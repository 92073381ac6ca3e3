"""The InfoVAE: the codes as a whole are held to the prior, and not those of each image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from disbench.models.objective import Loss, Objective, coded, given, plus

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objective import Batch


@dataclass(frozen=True)
class InfoVAE(Objective):
    """The InfoVAE (Zhao et al. 2017, equation 6) with the maximum mean discrepancy.

    Reconstruction + (1 - alpha) * KL + (alpha + lambda_mmd - 1) * MMD, where the MMD is that of the
    sampled codes and as many samples of the prior. `lambda_mmd` is the paper's lambda. At alpha = 1
    it is the MMD-VAE; at alpha = 0 and lambda_mmd = 1 it is the VAE, to the bit.

    Raises `ValueError` also for an alpha of more than 1, or a negative weight of the MMD.
    """

    lambda_mmd: float
    alpha: float = 1.0

    citation: ClassVar[str] = "Zhao et al. 2017"
    summary: ClassVar[str] = "holds the codes as a whole to the prior by their MMD"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.alpha > 1:
            raise ValueError(f"alpha is {self.alpha}; expected at most 1")
        if self.alpha + self.lambda_mmd < 1:
            raise ValueError(
                f"lambda_mmd is {self.lambda_mmd}; expected at least 1 - alpha = {1 - self.alpha}"
            )

    def draw(self, *, n: int, latents: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Samples of the prior: (n, latents)."""
        return rng.standard_normal((n, latents), dtype=np.float32)

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The loss of a batch, one posterior sample an image."""
        _, codes, reconstruction, kl = coded(model, batch.images, batch.noise)
        discrepancy = mmd(codes, given(batch.drawn))
        total = plus(
            reconstruction,
            (1 - self.alpha, kl),
            (self.alpha + self.lambda_mmd - 1, discrepancy),
        )
        return Loss(total, reconstruction, kl)


def mmd(x: Tensor, y: Tensor) -> Tensor:
    """The squared maximum mean discrepancy of two samples (n, d) and (m, d), from 0 to 2.

    The kernel is exp(-squared distance / d^2), that of Zhao's published code, which makes the
    bandwidth sigma = d / sqrt(2). The estimator is the biased one (Gretton et al. 2012, equation
    5), which pairs each point also with itself and so is never negative.
    """
    return _kernel(x, x).mean() + _kernel(y, y).mean() - 2 * _kernel(x, y).mean()


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """(n, d) and (m, d) -> (n, m)."""
    # Differences are taken before they are squared: a matrix product would be rounded by autocast.
    squares = (x[:, None] - y[None]).square().sum(dim=2)
    return torch.exp(-squares / x.shape[1] ** 2)
