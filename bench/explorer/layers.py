"""A decoder as data: what a page needs to run it without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from disbench.errors import ExplorerError
from disbench.models.layers import ConvTranspose, ImageConvTranspose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

MAX_BYTES = 2_500_000
"""Of the weights of a decoder in half precision; a page holds a third more, in base64."""

Description = dict[str, Any]


@dataclass(frozen=True)
class DecoderData:
    """Layers, first to last, each a JSON-able dict with its ``kind`` and its sizes; their weights.

    ``weights`` are little-endian float16, in the order of the layers: of each the weight, row by
    row as torch indexes it, then the bias.
    """

    layers: tuple[Description, ...]
    weights: bytes


def describe(decoder: nn.Module) -> DecoderData:
    """The decoder as data.

    Raises `ExplorerError` for a layer that a page cannot run, for weights of more than
    `MAX_BYTES`, and for one that half precision does not hold.
    """
    if not isinstance(decoder, nn.Sequential):
        raise _unknown(decoder)
    layers = tuple(_description(layer) for layer in decoder)
    parameters = [parameter.detach().numpy() for parameter in decoder.parameters()]
    _check_size(sum(weights.size for weights in parameters))
    return DecoderData(layers, b"".join(map(_halves, parameters)))


def _description(layer: nn.Module) -> Description:
    if type(layer) not in DESCRIPTIONS:
        raise _unknown(layer)
    return DESCRIPTIONS[type(layer)](layer)


def _linear(layer: nn.Linear) -> Description:
    _check_bias(layer)
    return {"kind": "linear", "inputs": layer.in_features, "outputs": layer.out_features}


def _relu(_: nn.ReLU) -> Description:
    return {"kind": "relu"}


def _tanh(_: nn.Tanh) -> Description:
    return {"kind": "tanh"}


def _unflatten(layer: nn.Unflatten) -> Description:
    shape = layer.unflattened_size
    if layer.dim != 1 or len(shape) != 3:  # noqa: PLR2004 - channels, height, width
        raise _unknown(layer)
    return {"kind": "unflatten", "shape": list(shape)}


def _conv_transpose(layer: nn.ConvTranspose2d) -> Description:
    _check_bias(layer)
    sizes = (layer.kernel_size, layer.stride, layer.padding, layer.output_padding, layer.dilation)
    if sizes != ((4, 4), (2, 2), (1, 1), (0, 0), (1, 1)) or layer.groups != 1:
        raise _unknown(layer)
    return _conv_transpose_of(layer.weight.shape)


def _image_conv_transpose(layer: ImageConvTranspose) -> Description:
    return _conv_transpose_of(layer.weight.shape)


def _conv_transpose_of(shape: Sequence[int]) -> Description:
    inputs, outputs, _, _ = shape
    return {"kind": "conv_transpose", "inputs": inputs, "outputs": outputs}


DESCRIPTIONS: Mapping[type[nn.Module], Callable[[Any], Description]] = {
    nn.Linear: _linear,
    nn.ReLU: _relu,
    nn.Tanh: _tanh,
    nn.Unflatten: _unflatten,
    nn.ConvTranspose2d: _conv_transpose,
    ConvTranspose: _conv_transpose,
    ImageConvTranspose: _image_conv_transpose,
}
"""By the type of a layer. For every `kind` here explorer.js has a function that runs it."""


def _halves(weights: NDArray[np.float32]) -> bytes:
    with np.errstate(over="ignore"):  # what does not fit is infinite, and refused below
        halves = weights.astype("<f2")
    if not np.isfinite(halves).all():
        largest = np.abs(weights).max()
        raise ExplorerError(
            f"the decoder has a weight of size {largest:g}, and half precision ends at 65504"
        )
    return halves.tobytes()


def _check_bias(layer: nn.Linear | nn.ConvTranspose2d) -> None:
    if layer.bias is None:
        raise _unknown(layer)


def _check_size(n_weights: int) -> None:
    n_bytes = 2 * n_weights
    if n_bytes > MAX_BYTES:
        raise ExplorerError(
            f"the decoder has {n_bytes / 1e6:.1f} MB of weights in half precision, and a page "
            f"takes at most {MAX_BYTES / 1e6:.1f} MB"
        )


def _unknown(layer: nn.Module) -> ExplorerError:
    return ExplorerError(f"a page cannot run the layer {' '.join(repr(layer).split())}")
