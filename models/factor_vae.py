"""The FactorVAE: total correlation by a density ratio that an adversary learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from disbench.models.discriminator import (
    cross_entropy,
    density_ratio,
    discriminator,
    permutations,
    permuted_dimensions,
)
from disbench.models.objective import Companions, Loss, Objective, coded, given, plus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objective import Batch


@dataclass(frozen=True)
class FactorVAE(Objective):
    """Reconstruction + KL + gamma * total correlation (Kim & Mnih 2018, equation 2, algorithm 2).

    The codes that are permuted are those of a second batch, as in the paper; study v1 permutes the
    first. Both networks are updated from the same weights, as in study v1; the paper's listing has
    the autoencoder first. At gamma = 0 it is the VAE, to the bit.
    """

    gamma: float

    companions: ClassVar[Companions] = "independent"
    least_batch: ClassVar[int] = 2  # to permute
    citation: ClassVar[str] = "Kim & Mnih 2018"
    summary: ClassVar[str] = "adds gamma times the total correlation, which an adversary estimates"

    def adversary(self, *, latents: int, rng: np.random.Generator) -> nn.Module:
        """The discriminator before its first step."""
        return discriminator(latents=latents, rng=rng)

    def draw(self, *, n: int, latents: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """An order of the batch for each dimension: (n, latents)."""
        return permutations(n=n, latents=latents, rng=rng)

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The loss of the model, and the cross-entropy of its adversary."""
        tell_apart = given(batch.adversary)
        _, codes, reconstruction, kl = coded(model, batch.images, batch.noise)
        logits = tell_apart(codes).float()
        others = tell_apart(_permuted(model, batch)).float()
        total = plus(reconstruction + kl, (self.gamma, density_ratio(logits)))
        return Loss(total, reconstruction, kl, cross_entropy(logits, others))


@torch.no_grad()
def _permuted(model: Autoencoder, batch: Batch) -> Tensor:
    codes = model.encode(given(batch.companions)).sample(given(batch.companion_noise))
    return permuted_dimensions(codes, given(batch.drawn))
