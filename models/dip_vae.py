"""The DIP-VAEs: the covariance of the codes is drawn to the identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from disbench.models.objective import Loss, Objective, coded, plus

if TYPE_CHECKING:
    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder, Posterior
    from disbench.models.objective import Batch


@dataclass(frozen=True)
class DIPVAEI(Objective):
    """The DIP-VAE-I (Kumar et al. 2018, equation 6): the covariance C of the posterior means.

    Reconstruction + KL + lambda_od * the sum of C_ij^2 over i != j + lambda_d * the sum of
    (C_ii - 1)^2, where lambda_d is lambda_d_factor * lambda_od, 10 times in study v1. At
    lambda_od = 0 it is the VAE, to the bit.
    """

    lambda_od: float
    lambda_d_factor: float = 10.0

    least_batch: ClassVar[int] = 2
    citation: ClassVar[str] = "Kumar et al. 2018"
    summary: ClassVar[str] = "draws the covariance of the means to the identity"

    def covariance(self, posterior: Posterior) -> Tensor:
        """The covariance that is drawn to the identity: (latents, latents)."""
        return covariance_of_means(posterior)

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The loss of a batch, one posterior sample an image."""
        posterior, _, reconstruction, kl = coded(model, batch.images, batch.noise)
        covariance = self.covariance(posterior)
        variances = covariance.diagonal()
        off_diagonal = (covariance - variances.diag()).square().sum()
        total = plus(
            reconstruction + kl,
            (self.lambda_od, off_diagonal),
            (self.lambda_d_factor * self.lambda_od, (variances - 1).square().sum()),
        )
        return Loss(total, reconstruction, kl)


@dataclass(frozen=True)
class DIPVAEII(DIPVAEI):
    """The DIP-VAE-II (Kumar et al. 2018, equation 7): the covariance of the sampled codes.

    It is that of the means, and the mean of the posterior variances on its diagonal. Study v1 has
    lambda_d = lambda_od.
    """

    lambda_d_factor: float = 1.0

    summary: ClassVar[str] = "draws the covariance of the samples to the identity"

    def covariance(self, posterior: Posterior) -> Tensor:
        """The covariance that is drawn to the identity: (latents, latents)."""
        variances = posterior.log_variance.exp().mean(dim=0)
        return covariance_of_means(posterior) + variances.diag()


def covariance_of_means(posterior: Posterior) -> Tensor:
    """The covariance of the posterior means over the batch, divided by n: (latents, latents).

    The products are summed in float32: autocast would round those of a matrix product.
    """
    centred = posterior.mean - posterior.mean.mean(dim=0)
    return (centred[:, :, None] * centred[:, None, :]).mean(dim=0)
