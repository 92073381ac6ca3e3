"""How many operations a network asks for, counted from its layers."""

from __future__ import annotations

from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from disbench.models.autoencoder import Autoencoder


@torch.inference_mode()
def encoding_operations(model: Autoencoder, images: Tensor) -> int:
    """Additions and multiplications of encoding these images."""
    with _counted(model) as multiplications:
        model.encode(images)
    return 2 * sum(multiplications)


@torch.inference_mode()
def training_operations(model: Autoencoder, images: Tensor) -> int:
    """Additions and multiplications of one step on these images, forward and backward.

    Backward, a layer multiplies once for the gradient of its weights and once for that of its
    input, which the first layer has no use for. Only products with weights are counted.
    """
    with _counted(model) as multiplications:
        model.decode(model.encode(images).mean)
    return 2 * (3 * sum(multiplications) - multiplications[0])


@contextmanager
def _counted(model: nn.Module) -> Iterator[list[int]]:
    """A list that grows by the multiplications of each layer that is called inside the block."""
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        # A strided convolution puts its kernel at every place of the smaller of the two sides.
        places = min(prod(side.shape[2:]) for side in (*inputs, output))
        counts.append(layer.weight.numel() * len(output) * places)

    layers = (m for m in model.modules() if "weight" in dict(m.named_parameters(recurse=False)))
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        yield counts
    finally:
        for hook in hooks:
            hook.remove()
