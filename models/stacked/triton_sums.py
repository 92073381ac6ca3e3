"""The three sums by the kernels, on a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton

from disbench.models.stacked.kernels import correlate_kernel, down_kernel, up_kernel
from disbench.models.stacked.tiles import Tile, tile_of

if TYPE_CHECKING:
    from torch import Tensor

    from disbench.models.stacked.geometry import Geometry

PRECISIONS = {torch.float32: "tf32x3", torch.bfloat16: "tf32"}
"""How tensor cores multiply: float32 in three parts, nearly to its last bit; bfloat16 exactly."""

PROGRAMS = 16
"""So many programs of a model share the places of a layer, where there are enough of them."""

LEAST_PLACES = 512
"""Fewer places are not worth a program of their own."""


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
    models, kernel, _, n_large, n_small = weight.shape
    small = large.new_empty(geometry.small_shape(large, n_small), dtype=dtype)
    _, batch, height, width, _ = small.shape
    rows, terms = batch * height * width, kernel * kernel * n_large
    default = Tile(_within(rows, 128), _within(n_small, 64), _within(terms, 32))
    key = ("down", kernel, n_large, n_small, height)
    tile = tile_of(key, default, dtype=weight.dtype, device=weight.device)
    n_tiles = triton.cdiv(rows, tile.rows) * triton.cdiv(n_small, tile.columns)
    down_kernel[n_tiles, models](
        *(large, weight, bias, gate, small, rows, height, width),
        *(n_large, n_small, kernel, geometry.stride, geometry.padding, relu),
        *(tile.rows, tile.columns, tile.depth, PRECISIONS[weight.dtype]),
        num_warps=tile.warps,
        num_stages=tile.stages,
    )
    return small


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
    models, kernel, _, n_large, n_small = weight.shape
    large = small.new_empty(geometry.large_shape(small, n_large), dtype=dtype)
    _, batch, height, width, _ = small.shape
    rows, columns = batch * height * width, geometry.stride**2 * n_large
    default = Tile(_within(rows, 128), _within(columns, 64), _within(n_small, 32))
    key = ("up", kernel, n_large, n_small, height)
    tile = tile_of(key, default, dtype=weight.dtype, device=weight.device)
    n_tiles = triton.cdiv(rows, tile.rows) * triton.cdiv(columns, tile.columns)
    up_kernel[n_tiles, models](
        *(small, weight, bias, gate, large, rows, height, width),
        *(n_large, n_small, kernel, geometry.stride, geometry.padding, relu),
        *(tile.rows, tile.columns, tile.depth, PRECISIONS[weight.dtype]),
        num_warps=tile.warps,
        num_stages=tile.stages,
    )
    return large


def correlate(
    large: Tensor, small: Tensor, *, geometry: Geometry, of_large: bool
) -> tuple[Tensor, Tensor]:
    """See `Sums.correlate`."""
    models, batch, height, width, n_small = small.shape
    n_large, kernel = large.shape[-1], geometry.kernel
    rows, terms = batch * height * width, kernel * kernel * n_large
    default = Tile(_within(terms, 128), _within(n_small, 64), _within(rows, 32))
    key = ("correlate", kernel, n_large, n_small, height)
    tile = tile_of(key, default, dtype=small.dtype, device=small.device)
    n_tiles = triton.cdiv(terms, tile.rows) * triton.cdiv(n_small, tile.columns)
    parts = max(1, min(PROGRAMS // n_tiles, rows // LEAST_PLACES))
    steps = triton.cdiv(rows, parts * tile.depth)
    weight = _room(large, models, parts, kernel, kernel, n_large, n_small)
    sums = _room(large, models, parts, *((kernel, kernel, n_large) if of_large else (n_small,)))
    correlate_kernel[parts * n_tiles, models](
        *(large, small, weight, sums if of_large else None, None if of_large else sums),
        *(rows, height, width, n_large, n_small, kernel, geometry.stride, geometry.padding),
        *(parts, steps, tile.rows, tile.columns, tile.depth, PRECISIONS[small.dtype]),
        num_warps=tile.warps,
        num_stages=tile.stages,
    )
    if of_large:  # the middle of the kernel lies on every pixel once
        middle = slice(geometry.padding, geometry.padding + geometry.stride)
        sums = sums[:, :, middle, middle].sum(dim=(2, 3))
    return weight.sum(dim=1) if parts > 1 else weight.squeeze(1), sums.sum(dim=1)


def _room(like: Tensor, *shape: int) -> Tensor:
    return like.new_empty(shape, dtype=torch.float32)


def _within(n: int, most: int) -> int:
    """The power of two that n fits into, of those from 16, the least that a tile has, to `most`."""
    return min(most, max(16, 1 << (n - 1).bit_length()))
