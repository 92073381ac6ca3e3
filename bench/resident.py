"""Images for many runs at once: bits that are unpacked on the device, or what is sent there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from disbench.datasets.images import WIDTH
from disbench.dsprites.correlated import CorrelatedImages
from disbench.dsprites.packed import PackedImages
from disbench.models.stacked.pixels import unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from disbench.datasets.images import ImageSet


class Supply(Protocol):
    """How images get from an image set to a device: what is sent, and what is made of it there."""

    def sent(self, rows: NDArray[np.int64]) -> NDArray[np.int64] | NDArray[np.uint8]:
        """What is sent of the images at the rows (...)."""
        ...

    def received(self, sent: Tensor) -> Tensor:
        """The images (..., channels, 64, 64), of 0 to 1, of what was sent."""
        ...


@dataclass(frozen=True)
class Resident:
    """All images are on the device, a bit a pixel, and rows are sent."""

    packed: Tensor
    dtype: torch.dtype

    def sent(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows."""
        return rows

    def received(self, sent: Tensor) -> Tensor:
        """The images of one channel, unpacked."""
        pixels = unpacked(self.packed, sent, dtype=self.dtype)
        return pixels.reshape(*sent.shape, 1, WIDTH, WIDTH)


@dataclass(frozen=True)
class Streamed:
    """The images are sent, a byte a pixel and channel."""

    images: ImageSet

    def sent(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images, (..., 64, 64) or (..., 64, 64, 3)."""
        pixels = self.images.unpack(rows.ravel())
        return pixels.reshape(*rows.shape, *pixels.shape[1:])

    def received(self, sent: Tensor) -> Tensor:
        """The images with their channels first, scaled."""
        pixels = sent.unsqueeze(-3) if self.images.channels == 1 else sent.movedim(-1, -3)
        return pixels.float() if self.images.largest == 1 else pixels.float() / self.images.largest


def supply_of(images: ImageSet, *, device: str, precision: str) -> Supply:
    """The supply of an image set: resident if it is packed."""
    whole = images.base if isinstance(images, CorrelatedImages) else images
    if not isinstance(whole, PackedImages):
        return Streamed(images)
    # Of 0 and 1 nothing is lost in bfloat16, which halves what the first layer reads.
    half = device == "cuda" and precision == "bf16"
    return Resident(_on(device, whole), torch.bfloat16 if half else torch.float32)


def _on(device: str, whole: PackedImages) -> Tensor:
    """The packed images on a device, without a copy of them all in memory on the way."""
    there = torch.empty(whole.packed.shape, dtype=torch.uint8, device=device)
    step = 2**16
    for start in range(0, len(whole), step):
        there[start : start + step] = torch.from_numpy(np.array(whole.packed[start : start + step]))
    return there
