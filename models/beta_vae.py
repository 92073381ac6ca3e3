"""The autoencoder, the VAE and the beta-VAE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from disbench.models.objective import Loss, Objective, coded, reconstruction_error

if TYPE_CHECKING:
    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objective import Batch


@dataclass(frozen=True)
class AE(Objective):
    """The autoencoder: the code is the mean, and there is no prior (Hinton & Zemel 1994).

    The model keeps the log-variance head of the VAE, untrained, so that an AE and a VAE of one
    network differ in nothing but the objective.
    """

    variational: ClassVar[bool] = False
    citation: ClassVar[str] = "Hinton & Zemel 1994"
    summary: ClassVar[str] = "reconstruction alone"

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The reconstruction error alone; the noise is not used."""
        logits = model.decode(model.encode(batch.images).mean)
        reconstruction = reconstruction_error(logits, batch.images).mean()
        return Loss(reconstruction, reconstruction, None)


@dataclass(frozen=True)
class BetaVAE(Objective):
    """The beta-VAE (Higgins et al. 2017, equation 4): reconstruction + beta * KL."""

    beta: float

    weighs_kl: ClassVar[bool] = True
    citation: ClassVar[str] = "Higgins et al. 2017"
    summary: ClassVar[str] = "weighs the KL by beta"

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The negative evidence lower bound with the KL weighted by beta, one sample an image."""
        _, _, reconstruction, kl = coded(model, batch.images, batch.noise)
        return Loss(reconstruction + self.beta * kl, reconstruction, kl)


@dataclass(frozen=True)
class VAE(Objective):
    """The VAE (Kingma & Welling 2014, equation 7): the beta-VAE at beta = 1, to the bit."""

    beta: ClassVar[float] = 1.0
    weighs_kl: ClassVar[bool] = True
    citation: ClassVar[str] = "Kingma & Welling 2014"
    summary: ClassVar[str] = "the evidence lower bound"

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The negative evidence lower bound, one posterior sample an image."""
        return BetaVAE(self.beta).loss(model, batch)
