"""The three sums behind every layer, for many models at once, as Triton kernels.

A layer of stride s ties a large side (models, batch, s h, s w, LARGE) to a small side (models,
batch, h, w, SMALL) by weights (models, KERNEL, KERNEL, LARGE, SMALL); see `Geometry`. `down` sums
over the large side, `up` over the small one, `correlate` over the batch. Each is the gradient of
the others, so all of a training step is made of them.

A program sums one tile of one model, ROWS by COLUMNS, with DEPTH terms at a time, in an order that
depends on the shapes of a single model alone: a run gets the same bits in any cohort. `rows` are
the places of the small side: batch * height * width.
"""

# ruff: noqa: ANN001, ANN201, ANN202, N803, PLR0917 - pointers and numbers have no types in Triton,
# constants of the compiler are in capitals, and a kernel is told everything by arguments.

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def _large_tile(
    large, row, rows, term, height, width, LARGE, KERNEL: tl.constexpr, STRIDE, PADDING
):
    """The values of the large side under each place (r,), for each term (t,) of the kernel: (r, t).

    Terms count the features of a pixel first, then the pixels of a row of the kernel: four pixels
    in a row lie in one piece of memory.
    """
    place = term // LARGE
    y = (row // width % height * STRIDE - PADDING)[:, None] + (place // KERNEL)[None, :]
    x = (row % width * STRIDE - PADDING)[:, None] + (place % KERNEL)[None, :]
    high, wide = height * STRIDE, width * STRIDE
    image = (row // (width * height))[:, None]
    address = ((image * high + y) * wide + x) * LARGE + (term % LARGE)[None, :]
    inside = (y >= 0) & (y < high) & (x >= 0) & (x < wide)
    inside = inside & (row < rows)[:, None] & (term < KERNEL * KERNEL * LARGE)[None, :]
    return tl.load(large + address, mask=inside, other=0.0)


@triton.jit
def down_kernel(
    large,
    weight,
    bias,
    gate,
    small,
    rows,
    height,
    width,
    LARGE: tl.constexpr,
    SMALL: tl.constexpr,
    KERNEL: tl.constexpr,
    STRIDE: tl.constexpr,
    PADDING: tl.constexpr,
    RELU: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """small[b, y, x, s] = sum of large[b, stride y - padding + i, ..., l] * weight[i, j, l, s].

    The bias (models, SMALL), if there is one, is added, and RELU applied; the sum is 0 where the
    gate, which has the shape of the small side, is not positive.
    """
    n_terms: tl.constexpr = KERNEL * KERNEL * LARGE
    n_columns: tl.constexpr = (SMALL + COLUMNS - 1) // COLUMNS
    model = tl.program_id(1).to(tl.int64)
    row = (tl.program_id(0) // n_columns) * ROWS + tl.arange(0, ROWS)
    column = (tl.program_id(0) % n_columns) * COLUMNS + tl.arange(0, COLUMNS)
    large += model * rows * (STRIDE * STRIDE * LARGE)
    weight += model * (n_terms * SMALL)
    is_column = column < SMALL
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for start in range(0, n_terms, DEPTH):
        term = start + tl.arange(0, DEPTH)
        values = _large_tile(large, row, rows, term, height, width, LARGE, KERNEL, STRIDE, PADDING)
        mask = (term < n_terms)[:, None] & is_column[None, :]
        kernel = tl.load(weight + term[:, None] * SMALL + column[None, :], mask=mask, other=0.0)
        total = tl.dot(values, kernel, total, input_precision=PRECISION)
    if bias is not None:
        total += tl.load(bias + model * SMALL + column, mask=is_column, other=0.0)[None, :]
    if RELU:
        total = tl.maximum(total, 0.0)
    mask = (row < rows)[:, None] & is_column[None, :]
    address = model * rows * SMALL + row[:, None] * SMALL + column[None, :]
    if gate is not None:
        total = tl.where(tl.load(gate + address, mask=mask, other=0.0) > 0, total, 0.0)
    tl.store(small + address, total.to(small.dtype.element_ty), mask=mask)


@triton.jit
def up_kernel(
    small,
    weight,
    bias,
    gate,
    large,
    rows,
    height,
    width,
    LARGE: tl.constexpr,
    SMALL: tl.constexpr,
    KERNEL: tl.constexpr,
    STRIDE: tl.constexpr,
    PADDING: tl.constexpr,
    RELU: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """large[b, stride y - padding + i, ..., l] = sum of small[b, y, x, s] * weight[i, j, l, s].

    A row is a place of the small side, and the columns are the features of the stride * stride
    pixels of the large side that it stands for. A pixel is reached by places at some shifts from
    its own: by few of them where all columns of a program belong to one pixel, else by all.
    """
    all_columns: tl.constexpr = STRIDE * STRIDE * LARGE
    n_columns: tl.constexpr = (all_columns + COLUMNS - 1) // COLUMNS
    one_pixel: tl.constexpr = LARGE % COLUMNS == 0
    taps: tl.constexpr = KERNEL // STRIDE
    shifts: tl.constexpr = taps if one_pixel else taps + (STRIDE - 1 + PADDING) // STRIDE
    chunks: tl.constexpr = (shifts * SMALL + DEPTH - 1) // DEPTH
    model = tl.program_id(1).to(tl.int64)
    row = (tl.program_id(0) // n_columns) * ROWS + tl.arange(0, ROWS)
    first = (tl.program_id(0) % n_columns) * COLUMNS
    column = first + tl.arange(0, COLUMNS)
    small += model * rows * SMALL
    weight += model * (KERNEL * KERNEL * LARGE * SMALL)
    top, left, image = row // width % height, row % width, row // (width * height)
    feature, pixel = column % LARGE, column // LARGE
    is_row, is_column = row < rows, column < all_columns
    corner = first // LARGE if one_pixel else 0
    lowest = (corner // STRIDE + PADDING) // STRIDE - taps + 1
    leftmost = (corner % STRIDE + PADDING) // STRIDE - taps + 1
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for step in range(shifts * chunks):
        down_by = lowest + step // chunks
        term = step % chunks * DEPTH + tl.arange(0, DEPTH)
        right_by = leftmost + term // SMALL
        is_term = term < shifts * SMALL
        y, x = (top + down_by)[:, None], left[:, None] + right_by[None, :]
        inside = (
            is_row[:, None] & is_term[None, :] & (y >= 0) & (y < height) & (x >= 0) & (x < width)
        )
        address = ((image[:, None] * height + y) * width + x) * SMALL + (term % SMALL)[None, :]
        values = tl.load(small + address, mask=inside, other=0.0)
        i = (pixel // STRIDE + PADDING - STRIDE * down_by)[None, :]
        j = (pixel % STRIDE + PADDING)[None, :] - (STRIDE * right_by)[:, None]
        reaches = (
            is_column[None, :]
            & is_term[:, None]
            & (i >= 0)
            & (i < KERNEL)
            & (j >= 0)
            & (j < KERNEL)
        )
        address = ((i * KERNEL + j) * LARGE + feature[None, :]) * SMALL + (term % SMALL)[:, None]
        kernel = tl.load(weight + address, mask=reaches, other=0.0)
        total = tl.dot(values, kernel, total, input_precision=PRECISION)
    if bias is not None:
        total += tl.load(bias + model * LARGE + feature, mask=is_column, other=0.0)[None, :]
    if RELU:
        total = tl.maximum(total, 0.0)
    y = (image * height + top)[:, None] * STRIDE + (pixel // STRIDE)[None, :]
    x = left[:, None] * STRIDE + (pixel % STRIDE)[None, :]
    mask = is_row[:, None] & is_column[None, :]
    address = (y * (width * STRIDE) + x) * LARGE + feature[None, :]
    address += model * rows * (STRIDE * STRIDE * LARGE)
    if gate is not None:
        total = tl.where(tl.load(gate + address, mask=mask, other=0.0) > 0, total, 0.0)
    tl.store(large + address, total.to(large.dtype.element_ty), mask=mask)


@triton.jit
def correlate_kernel(
    large,
    small,
    weight,
    large_sums,
    small_sums,
    rows,
    height,
    width,
    LARGE: tl.constexpr,
    SMALL: tl.constexpr,
    KERNEL: tl.constexpr,
    STRIDE: tl.constexpr,
    PADDING: tl.constexpr,
    PARTS: tl.constexpr,
    STEPS: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """weight[i, j, l, s] = sum of large[b, stride y - padding + i, ..., l] * small[b, y, x, s].

    A program sums one of PARTS of the places, in STEPS. The rows of its tile are terms of the
    kernel. What it adds up of either side alone, of which gradients of biases are made, is kept
    where there is room for it: (models, PARTS, KERNEL, KERNEL, LARGE), (models, PARTS, SMALL).
    """
    n_terms: tl.constexpr = KERNEL * KERNEL * LARGE
    n_columns: tl.constexpr = (SMALL + COLUMNS - 1) // COLUMNS
    n_tiles: tl.constexpr = (n_terms + ROWS - 1) // ROWS
    model = tl.program_id(1).to(tl.int64)
    part = tl.program_id(0) // (n_columns * n_tiles)
    tile = tl.program_id(0) // n_columns % n_tiles
    column = (tl.program_id(0) % n_columns) * COLUMNS + tl.arange(0, COLUMNS)
    term = tile * ROWS + tl.arange(0, ROWS)
    is_column = column < SMALL
    large += model * rows * (STRIDE * STRIDE * LARGE)
    small += model * rows * SMALL
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    large_total = tl.zeros((ROWS,), tl.float32)
    small_total = tl.zeros((COLUMNS,), tl.float32)
    for step in range(STEPS):
        row = (part * STEPS + step) * DEPTH + tl.arange(0, DEPTH)
        larges = _large_tile(large, row, rows, term, height, width, LARGE, KERNEL, STRIDE, PADDING)
        mask = (row < rows)[:, None] & is_column[None, :]
        smalls = tl.load(small + row[:, None] * SMALL + column[None, :], mask=mask, other=0.0)
        total = tl.dot(tl.trans(larges), smalls, total, input_precision=PRECISION)
        if large_sums is not None:
            large_total += tl.sum(larges.to(tl.float32), 0)
        if small_sums is not None:
            small_total += tl.sum(smalls.to(tl.float32), 0)
    piece = model * PARTS + part
    mask = (term < n_terms)[:, None] & is_column[None, :]
    address = piece * (n_terms * SMALL) + term[:, None] * SMALL + column[None, :]
    tl.store(weight + address, total, mask=mask)
    if large_sums is not None:  # every program with these terms writes the same
        tl.store(large_sums + piece * n_terms + term, large_total, mask=term < n_terms)
    if small_sums is not None:  # every program with these columns writes the same
        tl.store(small_sums + piece * SMALL + column, small_total, mask=is_column)
