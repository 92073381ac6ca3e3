"""The objectives by name. A new one is a frozen dataclass with `loss`, and a line in the table.

The fields of an objective are its hyper-parameters: a study lists values for them under the same
names.
"""

from __future__ import annotations

from disbench.models.ada_gvae import AdaGVAE
from disbench.models.beta_tc_vae import BetaTCVAE, StratifiedBetaTCVAE
from disbench.models.beta_vae import AE, VAE, BetaVAE
from disbench.models.cci_vae import CCIVAE
from disbench.models.dip_vae import DIPVAEI, DIPVAEII
from disbench.models.factor_vae import FactorVAE
from disbench.models.info_vae import InfoVAE
from disbench.models.objective import (
    Batch,
    Loss,
    Objective,
    coded,
    given,
    plus,
    reconstruction_error,
)

__all__ = [
    "AE",
    "CCIVAE",
    "DIPVAEI",
    "DIPVAEII",
    "OBJECTIVES",
    "VAE",
    "AdaGVAE",
    "Batch",
    "BetaTCVAE",
    "BetaVAE",
    "FactorVAE",
    "InfoVAE",
    "Loss",
    "Objective",
    "StratifiedBetaTCVAE",
    "added_objectives",
    "coded",
    "given",
    "plus",
    "reconstruction_error",
]

OBJECTIVES: dict[str, type[Objective]] = {
    "ae": AE,
    "vae": VAE,
    "beta_vae": BetaVAE,
    "cci_vae": CCIVAE,
    "factor_vae": FactorVAE,
    "beta_tc_vae": BetaTCVAE,
    "beta_tc_vae_mss": StratifiedBetaTCVAE,
    "dip_vae_i": DIPVAEI,
    "dip_vae_ii": DIPVAEII,
    "info_vae": InfoVAE,
    "ada_gvae": AdaGVAE,
}

_SHIPPED = frozenset(OBJECTIVES)


def added_objectives() -> dict[str, type[Objective]]:
    """The objectives that somebody has put in the table, for other processes to know them, too."""
    return {name: made for name, made in OBJECTIVES.items() if name not in _SHIPPED}
