"""The networks by name. A new one is a file with `encoder`, `decoder`, `WIDTH`, and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from disbench.models import burgess, conv, fc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn


class MakeEncoder(Protocol):
    """Makes an encoder."""

    def __call__(self, *, channels: int) -> nn.Module:
        """Return a module from images (n, channels, 64, 64) to features (n, width)."""
        ...


class MakeDecoder(Protocol):
    """Makes a decoder."""

    def __call__(self, *, latents: int, channels: int) -> nn.Module:
        """Return a module from codes (n, latents) to logits (n, channels, 64, 64)."""
        ...


@dataclass(frozen=True)
class Network:
    """An encoder and a decoder for images of 64 x 64 pixels, and the paper they come from."""

    encoder: MakeEncoder
    decoder: MakeDecoder
    width: int
    citation: str


NETWORKS: Mapping[str, Network] = {
    "conv": Network(conv.encoder, conv.decoder, conv.WIDTH, "Locatello et al. 2019"),
    "burgess": Network(burgess.encoder, burgess.decoder, burgess.WIDTH, "Burgess et al. 2018"),
    "fc": Network(fc.encoder, fc.decoder, fc.WIDTH, "Higgins et al. 2017"),
}
