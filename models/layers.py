"""Strided 4 x 4 convolutions at the image end of a network, where there are one or three channels.

A convolution from or to so few channels leaves a processor's vector units mostly idle. The same
sums, regrouped: fold every 2 x 2 block of pixels into channels, and a 4 x 4 kernel of stride 2
becomes a 2 x 2 kernel of stride 1 over four times the channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.autograd.function import FunctionCtx

_PAIRS: Mapping[int, torch.dtype] = {2: torch.int32, 4: torch.int64, 8: torch.complex128}
"""By the bytes of a pixel, a type that holds two: they move in a fourth of the time or less."""


class ImageConv(nn.Module):
    """Equals ``nn.Conv2d(channels, features, 4, stride=2, padding=1)`` up to rounding.

    Images (n, channels, height, width) of even height and width become (n, features,
    height / 2, width / 2).
    """

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features, channels, 4, 4))
        self.bias = nn.Parameter(torch.empty(features))

    def forward(self, images: Tensor) -> Tensor:
        """Features of images."""
        return F.conv2d(_folded(F.pad(images, (1, 1, 1, 1))), _folded(self.weight), self.bias)


class ImageConvTranspose(nn.Module):
    """Equals ``nn.ConvTranspose2d(features, channels, 4, stride=2, padding=1)`` up to rounding.

    Features (n, features, height, width) become images (n, channels, 2 height, 2 width).
    """

    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features, channels, 4, 4))
        self.bias = nn.Parameter(torch.empty(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Images of features."""
        images = _unfolded(F.conv_transpose2d(features, _folded(self.weight)))
        return images[:, :, 1:-1, 1:-1] + self.bias[:, None, None]


class ConvTranspose(nn.ConvTranspose2d):
    """Equals ``nn.ConvTranspose2d(..., 4, stride=2, padding=1)``, with a faster backward pass.

    On a CPU the library behind torch adds up the gradient of the bias number by number, which takes
    up to twice as long as the rest of the backward pass. So it is told of no such gradient, and
    torch adds it up.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 4, stride=2, padding=1)

    def forward(self, features: Tensor) -> Tensor:  # type: ignore[override]
        """Features (n, inputs, height, width) to (n, outputs, 2 height, 2 width)."""
        bias = cast("Tensor", self.bias)
        sums = F.conv_transpose2d(features, self.weight, bias.detach(), stride=2, padding=1)
        outputs: Tensor = _BiasGradient.apply(sums, bias)  # type: ignore[no-untyped-call]
        return outputs


class _BiasGradient(torch.autograd.Function):
    """(n, c, h, w) as they are; a bias (c,) that they have in them is given its gradient."""

    @staticmethod
    def forward(_: FunctionCtx, sums: Tensor, bias: Tensor) -> Tensor:  # noqa: ARG004
        return sums.view_as(sums)

    @staticmethod
    def backward(_: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor]:
        return gradient, gradient.sum((0, 2, 3))


class _Folding(torch.autograd.Function):
    """(n, c, 2 h, 2 w) -> (n, 4 c, h, w), every 2 x 2 block of pixels a pixel of its own."""

    @staticmethod
    def forward(_: FunctionCtx, images: Tensor) -> Tensor:
        n, c, height, width = images.shape
        pairs = images.contiguous().view(_PAIRS[images.element_size()])  # (n, c, 2 h, w)
        lines = pairs.view(n, c, height // 2, 2, width // 2)
        blocks = lines.permute(0, 2, 4, 1, 3).contiguous().view(images.dtype)  # (n, h, w, c, 4)
        return blocks.view(n, height // 2, width // 2, 4 * c).permute(0, 3, 1, 2)

    @staticmethod
    def backward(_: FunctionCtx, gradient: Tensor) -> Tensor:
        return _unfolded(gradient)


class _Unfolding(torch.autograd.Function):
    """(n, 4 c, h, w) -> (n, c, 2 h, 2 w), the inverse of `_Folding`."""

    @staticmethod
    def forward(_: FunctionCtx, blocks: Tensor) -> Tensor:
        n, channels, height, width = blocks.shape
        pairs = blocks.permute(0, 2, 3, 1).contiguous().view(_PAIRS[blocks.element_size()])
        lines = pairs.view(n, height, width, channels // 4, 2)
        images = lines.permute(0, 3, 1, 4, 2).contiguous().view(blocks.dtype)  # (n, c, h, 2, 2 w)
        return images.view(n, channels // 4, 2 * height, 2 * width)

    @staticmethod
    def backward(_: FunctionCtx, gradient: Tensor) -> Tensor:
        return _folded(gradient)


def _folded(images: Tensor) -> Tensor:
    """(n, c, 2 h, 2 w) -> (n, 4 c, h, w), channels last in memory: the layout that a CPU and a
    tensor core multiply best, and that all layers between must share, or each pays for a copy.
    """  # noqa: D205 - one sentence
    blocks: Tensor = _Folding.apply(images)  # type: ignore[no-untyped-call]
    return blocks


def _unfolded(blocks: Tensor) -> Tensor:
    """(n, 4 c, h, w) -> (n, c, 2 h, 2 w), the inverse of `_folded`."""
    images: Tensor = _Unfolding.apply(blocks)  # type: ignore[no-untyped-call]
    return images
