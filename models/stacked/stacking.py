"""Models of one shape in, one module with their parameters stacked out."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from disbench.models.layers import ImageConv, ImageConvTranspose
from disbench.models.stacked.geometry import DENSE, Geometry
from disbench.models.stacked.layers import Kind, StackedLayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

HALVING = Geometry(kernel=4, stride=2, padding=1)


def stacked(models: Sequence[nn.Module], *, device: str) -> nn.Module:
    """A module whose parameters have those of all models along a first axis, by the same names.

    It is there to be called by `torch.func.functional_call` under vmap. Layers that are known
    become `StackedLayer`s, each with the ReLU behind it where another layer follows; all others
    stay what they are, and are vmapped by torch.
    """
    module = _converted(deepcopy(models[0]))
    each = [dict(model.named_parameters()) for model in models]
    for name in each[0]:
        parent, _, leaf = name.rpartition(".")
        whole = torch.stack([parameters[name].detach() for parameters in each]).to(device)
        setattr(module.get_submodule(parent), leaf, nn.Parameter(_as_summed(whole)))
    return module


def _as_summed(weight: Tensor) -> Tensor:
    """The same weights in the order of memory in which the sums want them: n_small last."""
    if weight.ndim == 3:  # noqa: PLR2004 - (models, n_small, n_large)
        return weight.mT.contiguous().mT
    if weight.ndim == 5:  # noqa: PLR2004 - (models, n_small, n_large, kernel, kernel)
        return weight.permute(0, 3, 4, 2, 1).contiguous().permute(0, 4, 3, 1, 2)
    return weight.contiguous()


def _converted(module: nn.Module) -> nn.Module:
    kind = _kind_of(module)
    if kind is not None:
        return StackedLayer(module, kind)
    if isinstance(module, nn.Sequential):
        return _sequence(module)
    if isinstance(module, nn.ReLU):
        return nn.ReLU()  # not in place: what comes out of a layer may be a view
    for name, child in module.named_children():
        setattr(module, name, _converted(child))
    return module


def _sequence(layers: nn.Sequential) -> nn.Sequential:
    """The layers by their own names; a ReLU between two known ones is taken into both."""
    named = list(layers.named_children())
    kinds = [_kind_of(layer) for _, layer in named]
    for place in range(1, len(named) - 1):
        before, after = kinds[place - 1], kinds[place + 1]
        if isinstance(named[place][1], nn.ReLU) and before is not None and after is not None:
            kinds[place - 1], kinds[place + 1] = (
                replace(before, relu=True),
                replace(after, gated=True),
            )
    sequence = nn.Sequential()
    for (name, layer), kind, before in zip(named, kinds, [None, *kinds], strict=False):
        if before is None or not before.relu:
            sequence.add_module(name, StackedLayer(layer, kind) if kind else _converted(layer))
    return sequence


def _kind_of(layer: nn.Module) -> Kind | None:
    """What a layer is to the sums, None for one that is something else."""
    if isinstance(layer, nn.Linear) and layer.bias is not None:
        return Kind(DENSE, upward=False)
    if isinstance(layer, ImageConv | ImageConvTranspose):
        return Kind(HALVING, upward=isinstance(layer, ImageConvTranspose))
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and (geometry := _geometry_of(layer)):
        return Kind(geometry, upward=isinstance(layer, nn.ConvTranspose2d))
    return None


def _geometry_of(layer: nn.Conv2d | nn.ConvTranspose2d) -> Geometry | None:
    """The geometry of a convolution, None if it is not plain and square."""
    numbers = (layer.kernel_size, layer.stride, layer.padding)
    is_square = all(isinstance(pair, tuple) and len(set(pair)) == 1 for pair in numbers)
    is_plain = layer.groups == 1 and set(layer.dilation) == {1} and layer.bias is not None
    if not (is_square and is_plain) or set(getattr(layer, "output_padding", (0,))) != {0}:
        return None
    geometry = Geometry(layer.kernel_size[0], layer.stride[0], int(layer.padding[0]))
    return geometry if geometry.is_known else None
