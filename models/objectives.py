"""The objectives by name. A new one is a frozen dataclass with `loss`, and a line in the table.

The fields of an objective are its hyper-parameters: a study lists values for them under the same
names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.models.beta_vae import AE, VAE, BetaVAE
from disbench.models.objective import Batch, Loss, Objective, coded, reconstruction_error

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AE",
    "OBJECTIVES",
    "VAE",
    "Batch",
    "BetaVAE",
    "Loss",
    "Objective",
    "coded",
    "reconstruction_error",
]

OBJECTIVES: Mapping[str, type[Objective]] = {
    "ae": AE,
    "vae": VAE,
    "beta_vae": BetaVAE,
}
