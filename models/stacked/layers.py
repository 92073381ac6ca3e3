"""A layer of stacked models, which autograd and vmap know as one operation."""

# ruff: noqa: ANN401 - what torch hands to a Function has no types

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.autograd import Function

from disbench.models.stacked import torch_sums
from disbench.models.stacked.devices import runs_kernels

if TYPE_CHECKING:
    from disbench.models.stacked.geometry import Geometry, Sums


@dataclass(frozen=True)
class Kind:
    """What a layer does: it sums `upward`, from its small to its large side, or down.

    `relu` is applied to what comes out. What comes in has been through a ReLU of the layer before
    if `gated`: then the gradient that goes back is that of before it, and the layer that applied it
    takes it for granted.
    """

    geometry: Geometry
    upward: bool
    relu: bool = False
    gated: bool = False


class StackedLayer(nn.Module):
    """A layer whose weights have the shapes and names of a single model's.

    Called under vmap, all models are computed at once. It computes in the type of autocast, and
    otherwise in float32. Images are (n, features, h, w), dense values (..., features).
    """

    def __init__(self, layer: nn.Module, kind: Kind) -> None:
        super().__init__()
        self.weight = layer.get_parameter("weight")
        self.bias = layer.get_parameter("bias")
        self.kind = kind

    def forward(self, values: Tensor) -> Tensor:
        """The values of the other side."""
        if is_dense := self.weight.ndim == 2:  # noqa: PLR2004 - features by features
            places = values.reshape(-1, 1, 1, values.shape[-1])
            weight = self.weight.T[None, None]
        else:
            places, weight = values.permute(0, 2, 3, 1), self.weight.permute(2, 3, 1, 0)
        sums, _ = _applied(
            places[None], weight[None], self.bias[None], self.kind, _dtype(values.device.type)
        )
        # Squeezed, and not indexed: the gradient of an index is a copy into zeros.
        one = sums.squeeze(0)
        return one.reshape(*values.shape[:-1], -1) if is_dense else one.permute(0, 3, 1, 2)


class _Layer(Function):
    """(models, n, h, w, features) to those of the other side, and the weights as they were used."""

    @staticmethod
    def forward(
        values: Tensor, weight: Tensor, bias: Tensor, kind: Kind, dtype: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        sums = sums_of(values)
        cast = weight.to(dtype).contiguous()
        if cast is weight:  # what is handed back must be another tensor
            cast = weight.view_as(weight)
        call = sums.up if kind.upward else sums.down
        places = values.to(dtype).contiguous()
        out = call(places, cast, geometry=kind.geometry, dtype=dtype, bias=bias, relu=kind.relu)
        return out, cast

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        values, _, _, ctx.kind, _ = inputs
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(values, output[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: None) -> tuple[Tensor | None, ...]:
        values, cast = ctx.saved_tensors
        kind, sums = ctx.kind, sums_of(values)
        places, gradient = (side.to(cast.dtype).contiguous() for side in (values, gradient))
        large, small = (gradient, places) if kind.upward else (places, gradient)
        weight, bias, back = None, None, None
        if ctx.needs_input_grad[1]:
            weight, bias = sums.correlate(
                large, small, geometry=kind.geometry, of_large=kind.upward
            )
        if ctx.needs_input_grad[0]:
            call = sums.down if kind.upward else sums.up
            gate = places if kind.gated else None
            back = call(gradient, cast, geometry=kind.geometry, dtype=values.dtype, gate=gate)
        return back, weight, bias, None, None

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        *inputs: Any,
    ) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
        tensors, (kind, dtype) = inputs[:3], inputs[3:]
        merged = [_merged(t, d, info.batch_size) for t, d in zip(tensors, in_dims, strict=False)]
        sums, cast = _applied(*merged, kind, dtype)
        return (sums.unsqueeze(1), cast.unsqueeze(1)), (0, 0)


def sums_of(values: Tensor) -> Sums:
    """What sums where these values are: Triton's kernels on a GPU that it knows."""
    if runs_kernels(values.device):
        return import_module("disbench.models.stacked.triton_sums")
    return torch_sums


def _applied(*inputs: Any) -> tuple[Tensor, Tensor]:
    applied: tuple[Tensor, Tensor] = _Layer.apply(*inputs)  # type: ignore[no-untyped-call]
    return applied


def _merged(tensor: Tensor, dim: int | None, n: int) -> Tensor:
    """(1, ...) with a dimension of n vmapped over -> (n, ...)."""
    whole = tensor.expand(n, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
    return whole.flatten(0, 1)


def _dtype(device: str) -> torch.dtype:
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32
