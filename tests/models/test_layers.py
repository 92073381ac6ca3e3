"""The layers are PyTorch's own, regrouped or with another backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from disbench.models.layers import (
    ConvTranspose,
    ImageConv,
    ImageConvTranspose,
    _folded,
    _unfolded,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Layer = ImageConv | ImageConvTranspose | nn.Conv2d | nn.ConvTranspose2d


def _with_weights(layer: Layer, weight: Tensor, bias: Tensor) -> Layer:
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer.double()  # regrouped sums are rounded otherwise


def _values_and_gradients(layer: Layer, given: Tensor) -> list[Tensor]:
    """Return the output, and the gradients of the input, the weight and the bias."""
    leaf = given.double().requires_grad_()
    output = layer(leaf)
    slope = torch.linspace(-1, 1, output.numel(), dtype=torch.double).reshape(output.shape)
    (output * slope).sum().backward()
    gradients = (leaf.grad, layer.weight.grad, layer.bias.grad)
    return [output.detach(), *(g for g in gradients if g is not None)]


def _assert_same(ours: Layer, theirs: Layer, given: Tensor) -> None:
    pairs = zip(
        _values_and_gradients(ours, given), _values_and_gradients(theirs, given), strict=True
    )
    for our, their in pairs:
        torch.testing.assert_close(our, their)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(64, 64), (6, 10)])
def test_image_conv_is_conv2d(
    channels: int, size: tuple[int, int], drawn: Callable[..., Tensor]
) -> None:
    weight, bias = drawn(32, channels, 4, 4), drawn(32)
    ours = _with_weights(ImageConv(channels, 32), weight, bias)
    theirs = _with_weights(nn.Conv2d(channels, 32, 4, stride=2, padding=1), weight, bias)
    _assert_same(ours, theirs, drawn(2, channels, *size))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(32, 32), (3, 5)])
def test_image_conv_transpose_is_conv_transpose2d(
    channels: int, size: tuple[int, int], drawn: Callable[..., Tensor]
) -> None:
    weight, bias = drawn(32, channels, 4, 4), drawn(channels)
    ours = _with_weights(ImageConvTranspose(32, channels), weight, bias)
    theirs = _with_weights(nn.ConvTranspose2d(32, channels, 4, stride=2, padding=1), weight, bias)
    _assert_same(ours, theirs, drawn(2, 32, *size))


def test_conv_transpose_is_conv_transpose2d(drawn: Callable[..., Tensor]) -> None:
    weight, bias = drawn(8, 6, 4, 4), drawn(6)
    ours = _with_weights(ConvTranspose(8, 6), weight, bias)
    theirs = _with_weights(nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1), weight, bias)
    _assert_same(ours, theirs, drawn(2, 8, 4, 5))


def test_gradient_of_a_bias_is_added_up_in_single_precision() -> None:
    """512 ones are 256 where each sum on the way is rounded to the 8 bits of a bfloat16."""
    layer = _with_weights(ConvTranspose(1, 1), torch.zeros(1, 1, 4, 4), torch.zeros(1)).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = layer(torch.ones(1, 1, 128, 1))  # twice as high and wide
    logits.backward(torch.ones_like(logits))
    assert layer.bias is not None
    assert layer.bias.grad == 512


def test_image_conv_of_one_lit_pixel_is_its_kernel() -> None:
    kernel = torch.arange(16.0).reshape(1, 1, 4, 4)
    layer = _with_weights(ImageConv(1, 1), kernel, torch.tensor([100.0]))
    image = torch.zeros(1, 1, 4, 4).double()
    image[0, 0, 1, 2] = 1
    # Output (i, j) sees pixel (1, 2) through kernel place (1 + 1 - 2 i, 2 + 1 - 2 j).
    expected = [[100.0 + 4 * 2 + 3, 100.0 + 4 * 2 + 1], [100.0 + 3, 100.0 + 1]]
    assert layer(image)[0, 0].tolist() == expected


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_folding_moves_pixels_and_changes_none(
    channels: int, dtype: torch.dtype, drawn: Callable[..., Tensor]
) -> None:
    images = drawn(2, channels, 6, 10).to(dtype)
    blocks = _folded(images)
    assert torch.equal(blocks, F.pixel_unshuffle(images, 2))
    assert blocks.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(_unfolded(blocks), images)
    assert torch.equal(_unfolded(blocks.contiguous()), images)


def test_folding_has_gradients_of_gradients(drawn: Callable[..., Tensor]) -> None:
    """An objective may penalise a slope."""
    images = drawn(1, 1, 4, 4).double().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: _unfolded(_folded(x) ** 3) ** 2, images)
