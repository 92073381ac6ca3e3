"""What an objective is given, what it gives back, and the terms that several have in common.

All terms are sums over pixels and latents and means over images, in nats per image.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeVar

from torch import Tensor

from disbench.models.stacked.pixels import reconstruction_errors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from disbench.models.autoencoder import Autoencoder, Posterior

Given = TypeVar("Given")
Companions = Literal["none", "independent", "sharing"]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a loss may depend on, beside the model: all that a step of training draws.

    ``images`` are (n, channels, 64, 64) of values in [0, 1], of ``n_images`` in the training set,
    and ``noise`` is standard normal, (n, latents). ``step`` counts from 0. The others are there for
    an objective that asks for them: what it has ``drawn`` itself, ``companions``, another image for
    each, with noise of their own, and the ``adversary`` it trains against.

    Where runs are trained together, ``step`` is a scalar tensor.
    """

    images: Tensor
    noise: Tensor
    n_images: int
    step: int | Tensor = 0
    drawn: Tensor | None = None
    companions: Tensor | None = None
    companion_noise: Tensor | None = None
    adversary: nn.Module | None = None


class Loss(NamedTuple):
    """What is minimised, and its parts: scalars in nats per image; `kl` is None without one.

    The model minimises `total`. `adversary` is what the adversary minimises, if there is one.
    """

    total: Tensor
    reconstruction: Tensor
    kl: Tensor | None
    adversary: Tensor | None = None


@dataclass(frozen=True)
class Objective(ABC):
    """A loss with its hyper-parameters, the fields: the main one first, the others with defaults.

    Raises `ValueError` for a hyper-parameter that is not finite or below 0.
    """

    variational: ClassVar[bool] = True
    """Whether the code is a sample of the posterior, with a KL to the prior."""

    weighs_kl: ClassVar[bool] = False
    """Whether `beta` is the weight of the KL as a whole."""

    companions: ClassVar[Companions] = "none"
    """Which second image it wants for each: another draw, or one that shares factors with it."""

    least_batch: ClassVar[int] = 1
    """The fewest images in a batch: where it looks at several at once, one tells it nothing."""

    mixes: ClassVar[bool] = True
    """Whether runs of other hyper-parameters may be trained in one program with it.

    Those that differ are scalar tensors then, on whose values `loss` must not branch.
    """

    citation: ClassVar[str]
    summary: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; expected a finite number of at least 0")

    @abstractmethod
    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The loss of a model on a batch."""

    def adversary(self, *, latents: int, rng: np.random.Generator) -> nn.Module | None:  # noqa: ARG002
        """A network to train against, on the CPU, with weights drawn with `rng`; most have none."""
        return None

    def draw(
        self,
        *,
        n: int,  # noqa: ARG002
        latents: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
    ) -> NDArray[Any] | None:
        """What the loss of a batch of n images draws, beside the noise; most draw nothing."""
        return None


class Coded(NamedTuple):
    """Images on their way through a model: posterior, one sample (n, latents), and two terms."""

    posterior: Posterior
    codes: Tensor
    reconstruction: Tensor
    kl: Tensor


def coded(model: Autoencoder, images: Tensor, noise: Tensor) -> Coded:
    """Images (n, channels, 64, 64) encoded, sampled with the noise (n, latents), and decoded."""
    return decoded(model, model.encode(images), images, noise)


def decoded(model: Autoencoder, posterior: Posterior, images: Tensor, noise: Tensor) -> Coded:
    """The same of images whose posterior is given."""
    codes = posterior.sample(noise)
    reconstruction = reconstruction_error(model.decode(codes), images).mean()
    return Coded(posterior, codes, reconstruction, posterior.kl().sum(dim=1).mean())


def reconstruction_error(logits: Tensor, images: Tensor) -> Tensor:
    """Minus the Bernoulli log-likelihood: (n,) sums over pixels, in nats per image.

    Both arguments are (n, channels, height, width): logits, and pixel values in [0, 1].
    """
    return reconstruction_errors(logits, images)


def given(asked_for: Given | None) -> Given:
    """What an objective has asked for; `ValueError` for a batch that was made without it."""
    if asked_for is None:
        raise ValueError("the batch lacks the companions or the adversary that are asked for")
    return asked_for


def plus(total: Tensor, *terms: tuple[float | Tensor, Tensor]) -> Tensor:
    """The total with weighted terms; one of weight 0 is left out, and changes no bit."""
    for weight, term in terms:
        if isinstance(weight, Tensor) or weight != 0:
            total = total + weight * term
    return total
