"""An encoder, two linear heads and a decoder: the model that every objective trains."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from disbench.models.initialisation import initialised

if TYPE_CHECKING:
    import numpy as np

    from disbench.models.networks import Network


class Posterior(NamedTuple):
    """A diagonal Gaussian q(z given x) for every image: two (n, latents) tensors."""

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """One reparametrised sample, mean + exp(log-variance / 2) * noise.

        `noise` is standard normal, (n, latents) (Kingma & Welling 2014, section 2.4). The
        log-variance is not clipped, as in study v1.
        """
        return self.mean + torch.exp(self.log_variance / 2) * noise

    def kl(self) -> Tensor:
        """KL from the standard normal prior, in nats, (n, latents): one value a dimension.

        1/2 (mean^2 + variance - log variance - 1), Kingma & Welling 2014, appendix B.
        """
        variance = torch.exp(self.log_variance)
        return 0.5 * (self.mean.square() + variance - self.log_variance - 1)


class Autoencoder(nn.Module):
    """A model with weights that are not set yet; `build` makes one that is ready to train."""

    def __init__(self, network: Network, *, latents: int, channels: int) -> None:
        super().__init__()
        self.encoder = network.encoder(channels=channels)
        self.mean = nn.Linear(network.width, latents)
        self.log_variance = nn.Linear(network.width, latents)
        self.decoder = network.decoder(latents=latents, channels=channels)

    @property
    def latents(self) -> int:
        """How many dimensions a code has."""
        return self.mean.out_features

    def encode(self, images: Tensor) -> Posterior:
        """The posterior of images (n, channels, 64, 64) of values in [0, 1].

        The heads stay in float32 under autocast: codes that were rounded to the 8 bits of a
        bfloat16 would tie where a metric bins them.
        """
        features = self.encoder(images)
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            return Posterior(self.mean(features), self.log_variance(features))

    def decode(self, codes: Tensor) -> Tensor:
        """Bernoulli logits (n, channels, 64, 64), in float32, of codes (n, latents)."""
        logits: Tensor = self.decoder(codes)
        return logits.float()


def build(
    network: Network,
    *,
    latents: int,
    channels: int = 1,
    rng: np.random.Generator,
) -> Autoencoder:
    """An autoencoder on the CPU with the weights that `rng` draws; see `initialised`."""
    model = initialised(partial(Autoencoder, network, latents=latents, channels=channels), rng)
    convert_conv2d_weight_memory_format(model, torch.channels_last)
    return model
