"""The weights that a network starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from torch import Tensor

Module = TypeVar("Module", bound=nn.Module)


def initialised(make: Callable[[], Module], rng: np.random.Generator) -> Module:
    """What `make` returns, on the CPU, with Glorot-uniform kernels and zero biases.

    These are the defaults of TensorFlow 1, which study v1 trained with; PyTorch's own differ.
    The weights are drawn with `rng` in the order of the parameters, so torch's global generator
    is neither used nor moved.
    """
    with torch.device("meta"):
        module = make()
    module.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in module.parameters():
            _initialise(parameter, rng)
    return module


def _initialise(parameter: Tensor, rng: np.random.Generator) -> None:
    if parameter.ndim == 1:  # a bias
        parameter.zero_()
        return
    # The limit of Glorot & Bengio 2010 (equation 16) needs only fan-in + fan-out, which is the
    # same for a convolution, a transposed one and a dense layer.
    fan_sum = (parameter.shape[0] + parameter.shape[1]) * parameter[0, 0].numel()
    limit = (6 / fan_sum) ** 0.5
    drawn = rng.uniform(-limit, limit, size=tuple(parameter.shape))
    parameter.copy_(torch.from_numpy(drawn))
