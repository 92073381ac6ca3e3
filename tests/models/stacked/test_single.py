"""A single model on stacked layers encodes and decodes as it does itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from disbench.models.networks import NETWORKS
from disbench.models.stacked.single import Single

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder


@pytest.mark.parametrize(
    ("network", "channels"), [*((name, 1) for name in NETWORKS), ("conv", 3), ("burgess", 3)]
)
def test_codes_and_logits_are_those_of_the_model(
    network: str, channels: int, built: Callable[..., Autoencoder], drawn: Callable[..., Tensor]
) -> None:
    model = built(network, channels=channels)
    single = Single(model, device="cpu")
    assert single.latents == 3
    images, codes = drawn(5, channels, 64, 64).sigmoid(), drawn(5, 3)
    with torch.inference_mode():
        for ours, theirs in zip(single.encode(images), model.encode(images), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        logits = single.decode(codes)
        torch.testing.assert_close(logits, model.decode(codes), rtol=1e-4, atol=1e-4)
    assert logits.shape == (5, channels, 64, 64)


@torch.inference_mode()
def test_a_single_model_can_be_made_where_nothing_is_differentiated(
    built: Callable[..., Autoencoder], drawn: Callable[..., Tensor]
) -> None:
    model, images = built("burgess", channels=1), drawn(2, 1, 64, 64).sigmoid()
    mean, _ = Single(model, device="cpu").encode(images)
    torch.testing.assert_close(mean, model.encode(images).mean, rtol=1e-4, atol=1e-5)
