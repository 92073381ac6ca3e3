"""The network that tells codes from codes whose dimensions were permuted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from disbench.models.initialisation import initialised

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

N_HIDDEN = 6
WIDTH = 1000
SLOPE = 0.2
JOINT, PERMUTED = 0, 1
"""The logit of codes as they are, and that of permuted ones."""


def discriminator(*, latents: int, rng: np.random.Generator) -> nn.Module:
    """Codes (n, latents) to two logits (n, 2): six hidden layers of 1,000 units, leaky ReLU of 0.2.

    Kim & Mnih 2018, appendix A, and study v1. The kernels are Glorot uniform, drawn with `rng`.
    """

    def make() -> nn.Module:
        layers: list[nn.Module] = []
        for width in [latents, *[WIDTH] * (N_HIDDEN - 1)]:
            layers += [nn.Linear(width, WIDTH), nn.LeakyReLU(SLOPE)]
        return nn.Sequential(*layers, nn.Linear(WIDTH, 2))

    return initialised(make, rng)


def density_ratio(logits: Tensor) -> Tensor:
    """The mean of log q(z) - log of the product of the q(z_d), as (n, 2) logits have it, in nats.

    It is the total correlation where the discriminator is right (Kim & Mnih 2018, equation 3).
    """
    return (logits[:, JOINT] - logits[:, PERMUTED]).mean()


def cross_entropy(joint: Tensor, permuted: Tensor) -> Tensor:
    """What the discriminator minimises, in nats a code: 1/2 for each of its two kinds of codes.

    Both arguments are logits (n, 2) (Kim & Mnih 2018, algorithm 2).
    """
    errors = [
        F.cross_entropy(logits, torch.full((len(logits),), kind, device=logits.device))
        for logits, kind in ((joint, JOINT), (permuted, PERMUTED))
    ]
    return 0.5 * (errors[0] + errors[1])


def permutations(*, n: int, latents: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """An order of n codes for each dimension, independent of the others: (n, latents)."""
    orders = rng.permuted(np.tile(np.arange(n), (latents, 1)), axis=1)
    return np.ascontiguousarray(orders.T)


def permuted_dimensions(codes: Tensor, orders: Tensor) -> Tensor:
    """Codes (n, latents), each dimension of which is in its order, a column of (n, latents).

    Samples of the product of the q(z_d) (Kim & Mnih 2018, algorithm 1).
    """
    return codes.gather(0, orders)
