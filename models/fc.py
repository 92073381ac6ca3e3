"""The fully connected network of Higgins et al. 2017 for 2D shapes (appendix A.1)."""

from __future__ import annotations

from torch import nn

WIDTH = 1200


def encoder(*, channels: int) -> nn.Module:
    """Images (n, channels, 64, 64) to features (n, 1200)."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * 64 * 64, WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, WIDTH),
        nn.ReLU(),
    )


def decoder(*, latents: int, channels: int) -> nn.Module:
    """Codes (n, latents) to Bernoulli logits (n, channels, 64, 64)."""
    return nn.Sequential(
        nn.Linear(latents, WIDTH),
        nn.Tanh(),
        nn.Linear(WIDTH, WIDTH),
        nn.Tanh(),
        nn.Linear(WIDTH, WIDTH),
        nn.Tanh(),
        nn.Linear(WIDTH, channels * 64 * 64),
        nn.Unflatten(1, (channels, 64, 64)),
    )
