"""The three sums in torch's own operations: a convolution with a group for each model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F
from torch.nn.grad import conv2d_weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from disbench.models.stacked.geometry import Geometry


def down(
    large: Tensor,
    weight: Tensor,
    *,
    geometry: Geometry,
    dtype: torch.dtype,
    bias: Tensor | None = None,
    gate: Tensor | None = None,
    relu: bool = False,
) -> Tensor:
    """See `Sums.down`."""
    total = _convolved(F.conv2d, large, weight, geometry)
    return _finished(total, bias, gate, dtype, relu=relu)


def up(
    small: Tensor,
    weight: Tensor,
    *,
    geometry: Geometry,
    dtype: torch.dtype,
    bias: Tensor | None = None,
    gate: Tensor | None = None,
    relu: bool = False,
) -> Tensor:
    """See `Sums.up`."""
    total = _convolved(F.conv_transpose2d, small, weight, geometry)
    return _finished(total, bias, gate, dtype, relu=relu)


def correlate(
    large: Tensor, small: Tensor, *, geometry: Geometry, of_large: bool
) -> tuple[Tensor, Tensor]:
    """See `Sums.correlate`."""
    models, n_large, n_small, width = len(large), large.shape[-1], small.shape[-1], geometry.kernel
    total: Tensor = conv2d_weight(  # type: ignore[no-untyped-call]
        _in_groups(large),
        (models * n_small, n_large, width, width),
        _in_groups(small),
        stride=geometry.stride,
        padding=geometry.padding,
        groups=models,
    )
    weight = total.view(models, n_small, n_large, width, width).permute(0, 3, 4, 2, 1)
    side = large if of_large else small
    return weight.contiguous().float(), side.sum(dim=(1, 2, 3), dtype=torch.float32)


def _convolved(
    convolve: Callable[..., Tensor], side: Tensor, weight: Tensor, geometry: Geometry
) -> Tensor:
    """The other side, (models, batch, h, w, n), by a convolution or a transposed one."""
    total = convolve(
        _in_groups(side),
        _kernels(weight),
        stride=geometry.stride,
        padding=geometry.padding,
        groups=len(weight),
    )
    return _by_model(total, len(weight))


def _in_groups(side: Tensor) -> Tensor:
    """(models, batch, h, w, n) -> (batch, models * n, h, w)."""
    return side.permute(1, 0, 4, 2, 3).flatten(1, 2)


def _by_model(side: Tensor, models: int) -> Tensor:
    """(batch, models * n, h, w) -> (models, batch, h, w, n)."""
    batch, _, height, width = side.shape
    return side.reshape(batch, models, -1, height, width).permute(1, 0, 3, 4, 2)


def _kernels(weight: Tensor) -> Tensor:
    """(models, kernel, kernel, n_large, n_small) -> (models * n_small, n_large, kernel, kernel)."""
    return weight.permute(0, 4, 3, 1, 2).flatten(0, 1)


def _finished(
    total: Tensor, bias: Tensor | None, gate: Tensor | None, dtype: torch.dtype, *, relu: bool
) -> Tensor:
    if bias is not None:
        total = total + bias[:, None, None, None]
    if relu:
        total = total.relu()
    if gate is not None:
        total = torch.where(gate > 0, total, 0)
    return total.to(dtype).contiguous()
