"""The objectives by name. A new one is a frozen dataclass with `loss`, and a line in the table.

The fields of an objective are its hyper-parameters: a study lists values for them under the same
names. All terms are sums over pixels and latents and means over images, in nats per image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder, Posterior


class Loss(NamedTuple):
    """What is minimised, and its parts: scalars in nats per image; `kl` is None without one."""

    total: Tensor
    reconstruction: Tensor
    kl: Tensor | None


class Objective(Protocol):
    """A loss with its hyper-parameters."""

    variational: ClassVar[bool]
    """Whether the code is a sample of the posterior, with a KL to the prior."""

    citation: ClassVar[str]

    def loss(self, model: Autoencoder, images: Tensor, *, noise: Tensor) -> Loss:
        """The loss of images (n, channels, 64, 64) with standard normal noise (n, latents)."""
        ...


def reconstruction_error(logits: Tensor, images: Tensor) -> Tensor:
    """Minus the Bernoulli log-likelihood: (n,) sums over pixels, in nats per image.

    Both arguments are (n, channels, height, width): logits, and pixel values in [0, 1].
    """
    errors = F.binary_cross_entropy_with_logits(logits, images, reduction="none")
    return errors.flatten(1).sum(dim=1)


def _divergence(posterior: Posterior) -> Tensor:
    return posterior.kl().sum(dim=1).mean()


@dataclass(frozen=True)
class AE:
    """The autoencoder: the code is the mean, and there is no prior (Hinton & Zemel 1994).

    The model keeps the log-variance head of the VAE, untrained, so that an AE and a VAE of one
    network differ in nothing but the objective.
    """

    variational: ClassVar[bool] = False
    citation: ClassVar[str] = "Hinton & Zemel 1994"

    def loss(self, model: Autoencoder, images: Tensor, *, noise: Tensor) -> Loss:  # noqa: ARG002
        """The reconstruction error alone; `noise` is not used."""
        logits = model.decode(model.encode(images).mean)
        reconstruction = reconstruction_error(logits, images).mean()
        return Loss(reconstruction, reconstruction, None)


@dataclass(frozen=True)
class BetaVAE:
    """The beta-VAE (Higgins et al. 2017, equation 4): reconstruction + beta * KL.

    Raises `ValueError` unless beta is finite and not negative.
    """

    beta: float

    variational: ClassVar[bool] = True
    citation: ClassVar[str] = "Higgins et al. 2017"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.beta) and self.beta >= 0):
            raise ValueError(f"beta is {self.beta}; expected a finite number of at least 0")

    def loss(self, model: Autoencoder, images: Tensor, *, noise: Tensor) -> Loss:
        """The negative evidence lower bound with the KL weighted by beta, one sample an image."""
        posterior = model.encode(images)
        logits = model.decode(posterior.sample(noise))
        reconstruction = reconstruction_error(logits, images).mean()
        kl = _divergence(posterior)
        return Loss(reconstruction + self.beta * kl, reconstruction, kl)


@dataclass(frozen=True)
class VAE:
    """The VAE (Kingma & Welling 2014, equation 7): the beta-VAE at beta = 1, to the bit."""

    beta: ClassVar[float] = 1.0
    variational: ClassVar[bool] = True
    citation: ClassVar[str] = "Kingma & Welling 2014"

    def loss(self, model: Autoencoder, images: Tensor, *, noise: Tensor) -> Loss:
        """The negative evidence lower bound, one posterior sample an image."""
        return BetaVAE(self.beta).loss(model, images, noise=noise)


OBJECTIVES: Mapping[str, type[Objective]] = {
    "ae": AE,
    "vae": VAE,
    "beta_vae": BetaVAE,
}
