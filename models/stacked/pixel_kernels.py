"""Bits and pixels on a GPU: a program an image, in one order whatever the number of images."""

# ruff: noqa: ANN001, ANN202, N803, PLR0917 - as in kernels.py

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 1024


@triton.jit
def _unpack(packed, rows, images, BYTES: tl.constexpr, BLOCK: tl.constexpr):
    image = tl.program_id(0).to(tl.int64)
    row = tl.load(rows + image).to(tl.int64)
    for start in range(0, BYTES * 8, BLOCK):
        pixel = start + tl.arange(0, BLOCK)
        mask = pixel < BYTES * 8
        byte = tl.load(packed + row * BYTES + pixel // 8, mask=mask, other=0).to(tl.int32)
        bit = (byte >> (7 - pixel % 8)) & 1
        tl.store(images + image * (BYTES * 8) + pixel, bit.to(images.dtype.element_ty), mask=mask)


@triton.jit
def _errors(logits, images, errors, PIXELS: tl.constexpr, BLOCK: tl.constexpr):
    image = tl.program_id(0).to(tl.int64)
    total = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, PIXELS, BLOCK):
        pixel = start + tl.arange(0, BLOCK)
        address, mask = image * PIXELS + pixel, pixel < PIXELS
        logit = tl.load(logits + address, mask=mask, other=0.0).to(tl.float32)
        target = tl.load(images + address, mask=mask, other=0.0).to(tl.float32)
        # log(1 + exp(logit)) - target * logit, without an exponential that overflows
        error = tl.maximum(logit, 0.0) - logit * target + tl.log(1.0 + tl.exp(-tl.abs(logit)))
        total += tl.where(mask, error, 0.0)
    tl.store(errors + image, tl.sum(total, 0))


@triton.jit
def _slopes(logits, images, gradients, slopes, PIXELS: tl.constexpr, BLOCK: tl.constexpr):
    image = tl.program_id(0).to(tl.int64)
    gradient = tl.load(gradients + image)
    for start in range(0, PIXELS, BLOCK):
        pixel = start + tl.arange(0, BLOCK)
        address, mask = image * PIXELS + pixel, pixel < PIXELS
        logit = tl.load(logits + address, mask=mask, other=0.0).to(tl.float32)
        target = tl.load(images + address, mask=mask, other=0.0).to(tl.float32)
        slope = (tl.sigmoid(logit) - target) * gradient
        tl.store(slopes + address, slope.to(slopes.dtype.element_ty), mask=mask)


def unpacked(packed: Tensor, rows: Tensor, *, dtype: torch.dtype) -> Tensor:
    """See `pixels.unpacked`."""
    n_bytes = packed.shape[1]
    images = packed.new_empty((*rows.shape, 8 * n_bytes), dtype=dtype)
    _unpack[(rows.numel(),)](packed, rows.contiguous(), images, n_bytes, BLOCK)
    return images


def errors(logits: Tensor, images: Tensor) -> Tensor:
    """See `pixels.reconstruction_errors`; of (n, pixels)."""
    sums = logits.new_empty(len(logits), dtype=torch.float32)
    _errors[(len(logits),)](logits, images, sums, logits.shape[1], BLOCK)
    return sums


def slopes(logits: Tensor, images: Tensor, gradients: Tensor) -> Tensor:
    """The gradients of logits (n, pixels) whose errors have these gradients (n,)."""
    sloped = torch.empty_like(logits)
    _slopes[(len(logits),)](logits, images, gradients, sloped, logits.shape[1], BLOCK)
    return sloped
