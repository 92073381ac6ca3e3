"""Images from bits, and how far logits are from them, many at a time."""

# ruff: noqa: ANN401 - what torch hands to a Function has no types

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from disbench.models.stacked.devices import runs_kernels

if TYPE_CHECKING:
    from types import ModuleType


def unpacked(packed: Tensor, rows: Tensor, *, dtype: torch.dtype) -> Tensor:
    """The bits of these rows (...) of packed bytes (n, bytes) as 0 and 1: (..., 8 * bytes)."""
    if kernels := _kernels(packed):
        return kernels.unpacked(packed, rows, dtype=dtype)  # type: ignore[no-any-return]
    shifts = torch.arange(7, -1, -1, dtype=torch.uint8, device=packed.device)
    return ((packed[rows][..., None] >> shifts) & 1).flatten(-2).to(dtype)


def reconstruction_errors(logits: Tensor, images: Tensor) -> Tensor:
    """Minus the Bernoulli log-likelihood of images, (n,) sums over the rest, in nats.

    Both are (n, ...): logits, and pixel values in [0, 1]. On a GPU it is one pass over both.
    """
    if _kernels(logits):
        return _of_rows(logits.flatten(1), images.flatten(1))
    plain = F.binary_cross_entropy_with_logits(logits, images, reduction="none")
    return plain.flatten(1).sum(dim=1)


class _Errors(Function):
    """Logits and images (n, pixels) to sums (n,)."""

    @staticmethod
    def forward(logits: Tensor, images: Tensor) -> Tensor:
        errors: Tensor = _module().errors(logits.contiguous(), images.contiguous())
        return errors

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        del output
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        logits, images = (tensor.contiguous() for tensor in ctx.saved_tensors)
        return _module().slopes(logits, images, gradient.contiguous()), None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor) -> tuple[Tensor, int]:
        sides = (
            side.expand(info.batch_size, *side.shape) if dim is None else side.movedim(dim, 0)
            for side, dim in zip(inputs, in_dims, strict=True)
        )
        logits, images = (side.flatten(0, 1) for side in sides)
        return _of_rows(logits, images).reshape(info.batch_size, -1), 0


def _of_rows(logits: Tensor, images: Tensor) -> Tensor:
    errors: Tensor = _Errors.apply(logits, images)  # type: ignore[no-untyped-call]
    return errors


def _kernels(tensor: Tensor) -> ModuleType | None:
    return _module() if runs_kernels(tensor.device) else None


def _module() -> ModuleType:
    return import_module("disbench.models.stacked.pixel_kernels")
