"""How many operations networks are asked for, counted from the layers that are called."""

from __future__ import annotations

from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder
    from disbench.trainer import Trainer


@torch.inference_mode()
def encoding_operations(model: Autoencoder, images: Tensor) -> int:
    """Additions and multiplications of encoding these images."""
    with _counted(model) as multiplications:
        model.encode(images)
    return 2 * sum(multiplications)


@torch.inference_mode()
def decoding_operations(model: Autoencoder, codes: Tensor) -> int:
    """Additions and multiplications of decoding these codes."""
    with _counted(model) as multiplications:
        model.decode(codes)
    return 2 * sum(multiplications)


def step_operations(trainer: Trainer) -> int:
    """Additions and multiplications of a training step, forward and backward.

    Backward, a layer multiplies once for the gradient of its weights and once for that of its
    input, if anything asks for it: images do not. Only products with weights are counted, and
    those of an adversary as if both losses shared one way back, so that it is the least there is.
    """
    with _counted(*(learner.network for learner in trainer.learners)) as multiplications:
        trainer.loss(0)
    return 2 * sum(multiplications)


@torch.inference_mode()
def step_bytes(model: Autoencoder, n_images: int, dtype: torch.dtype) -> float:
    """The bytes that a training step of a VAE on a GPU reads and writes, each thing once a sum.

    A layer takes three sums, each of two of its two sides and its weights, and the gradient of its
    input also reads the input, to know where its ReLU let it through. Weights and what Adam keeps
    of them are float32: seven passes, and one that writes what is multiplied. Logits and images
    are read and written seven times by the loss.
    """
    sides: list[int] = []

    def measure(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        first = not sides
        sides.append((2 if first else 4) * inputs[0].numel() + (2 if first else 3) * output.numel())

    layers = (m for m in model.modules() if _has_weights(m))
    hooks = [layer.register_forward_hook(measure) for layer in layers]
    logits = model.decode(model.encode(torch.zeros(1, 1, 64, 64)).mean)
    for hook in hooks:
        hook.remove()
    of_images = n_images * (sum(sides) + 7 * logits.numel())
    n_weights = sum(parameter.numel() for parameter in model.parameters())
    return dtype.itemsize * of_images + n_weights * (7 * 4 + 4 + 2 * dtype.itemsize)


@contextmanager
def _counted(*networks: nn.Module) -> Iterator[list[int]]:
    """A list that grows by the multiplications of each layer that is called inside the block."""
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        # A strided convolution puts its kernel at every place of the smaller of the two sides.
        places = min(prod(side.shape[2:]) for side in (*inputs, output))
        passes = 1 + output.requires_grad + inputs[0].requires_grad
        counts.append(passes * layer.weight.numel() * len(output) * places)

    layers = (m for m in nn.ModuleList(networks).modules() if _has_weights(m))
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        yield counts
    finally:
        for hook in hooks:
            hook.remove()


def _has_weights(module: nn.Module) -> bool:
    return "weight" in dict(module.named_parameters(recurse=False))
