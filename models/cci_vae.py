"""The VAE with controlled capacity increase (Burgess et al. 2018), also called AnnealedVAE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from disbench.models.objective import Loss, Objective, coded

if TYPE_CHECKING:
    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objective import Batch


@dataclass(frozen=True)
class CCIVAE(Objective):
    """The KL is held at a capacity that rises (Burgess et al. 2018, equation 8).

    Reconstruction + gamma * abs(KL - C), where C rises linearly from 0 to `capacity`, in nats,
    over the first `ramp` steps and stays there. The defaults are those of study v1. At capacity 0
    it is the beta-VAE of beta = gamma.
    """

    capacity: float
    gamma: float = 1000.0
    ramp: float = 100_000.0

    citation: ClassVar[str] = "Burgess et al. 2018"
    summary: ClassVar[str] = "holds the KL at a capacity that rises with the step"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ramp == 0:
            raise ValueError(f"ramp is {self.ramp}; expected more than 0 steps")

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """The loss at the capacity of the batch's step, one posterior sample an image."""
        _, _, reconstruction, kl = coded(model, batch.images, batch.noise)
        capacity = self.capacity * _at_most_one(batch.step / self.ramp)
        return Loss(reconstruction + self.gamma * (kl - capacity).abs(), reconstruction, kl)


def _at_most_one(share: float | Tensor) -> float | Tensor:
    return share.clamp(max=1.0) if isinstance(share, Tensor) else min(share, 1.0)
