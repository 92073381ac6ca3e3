"""The Ada-GVAE: what two images have in common is inferred from their posteriors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from disbench.models.autoencoder import Posterior
from disbench.models.objective import Companions, Loss, Objective, decoded, given

if TYPE_CHECKING:
    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objective import Batch


@dataclass(frozen=True)
class AdaGVAE(Objective):
    """The Ada-GVAE (Locatello et al. 2020, section 4), weakly supervised by pairs.

    Each image comes with one that shares some of its factors, which and how many is not told. The
    dimensions in which their posteriors differ least take the mean of both, and the loss is the
    mean over both images of reconstruction + beta * KL. A batch of n has n pairs, so 2 n images.
    """

    beta: float

    weighs_kl: ClassVar[bool] = True
    companions: ClassVar[Companions] = "sharing"
    citation: ClassVar[str] = "Locatello et al. 2020"
    summary: ClassVar[str] = "infers from pairs of images which dimensions they share"

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The loss of the pairs; its parts are means over both images."""
        companions, companion_noise = given(batch.companions), given(batch.companion_noise)
        pair = averaged(model.encode(batch.images), model.encode(companions))
        first = decoded(model, pair[0], batch.images, batch.noise)
        second = decoded(model, pair[1], companions, companion_noise)
        reconstruction = (first.reconstruction + second.reconstruction) / 2
        kl = (first.kl + second.kl) / 2
        return Loss(reconstruction + self.beta * kl, reconstruction, kl)


def averaged(first: Posterior, second: Posterior) -> tuple[Posterior, Posterior]:
    """Two posteriors of n images, made equal in the dimensions that each pair seems to share.

    Shared are those whose KL is below the middle between the smallest and the largest of the pair
    (Locatello et al. 2020, section 4). There the means and the variances are averaged, as
    in the GVAE (Hosoya 2019).
    """
    differences = divergence(first, second)
    middle = (differences.amax(dim=1, keepdim=True) + differences.amin(dim=1, keepdim=True)) / 2
    shared = differences < middle  # (n, latents)
    mean = (first.mean + second.mean) / 2
    log_variance = torch.logaddexp(first.log_variance, second.log_variance) - math.log(2)
    return _where(shared, mean, log_variance, first), _where(shared, mean, log_variance, second)


def divergence(first: Posterior, second: Posterior) -> Tensor:
    """KL of the first posterior from the second, in nats, (n, latents): one value a dimension."""
    ratio = first.log_variance - second.log_variance
    squares = (first.mean - second.mean).square() * torch.exp(-second.log_variance)
    return 0.5 * (torch.exp(ratio) + squares - 1 - ratio)


def _where(shared: Tensor, mean: Tensor, log_variance: Tensor, own: Posterior) -> Posterior:
    return Posterior(
        torch.where(shared, mean, own.mean),
        torch.where(shared, log_variance, own.log_variance),
    )
