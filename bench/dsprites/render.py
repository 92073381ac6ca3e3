"""Draw dSprites: a pixel is lit when its centre lies inside the outline.

After the snap everything is an integer, so the images are the same bits on every machine.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from disbench.datasets.images import WIDTH
from disbench.dsprites.grid import SIZES, check_factors
from disbench.dsprites.outlines import SUBPIXELS, snapped, turned
from disbench.dsprites.packed import N_BYTES, assembled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

# The packed whole set, as this renderer draws it: what a cached copy is checked against.
RENDERED_SHA256 = "3a228f4037ef3d42a42588e0e01f1078aa2df13cfa17584e88c95ed9fb5672da"

_HALF = SUBPIXELS // 2

# _FROM[i] lights pixels i, i + 1, ..., 63 of a row; its bytes are in the order of np.packbits.
_FROM = np.packbits(np.tri(WIDTH + 1, WIDTH, -1, dtype=np.uint8) ^ 1, axis=1).view(np.uint64)[:, 0]


def images(factors: ArrayLike) -> NDArray[np.uint8]:
    """Draw the images of the (n, 5) factor indices: (n, 64, 64), 1 where lit and 0 elsewhere.

    Drawn on the spot, in any order and with repeats; n may be 0.

    Raises
    ------
    DataError
        If the factor indices have another shape or type, or one is out of range.
    """
    checked = check_factors(factors)
    sprites, group = np.unique(checked[:, :3], axis=0, return_inverse=True)
    packed = np.empty((len(checked), WIDTH), np.uint64)
    for number, sprite in enumerate(sprites):
        members = np.flatnonzero(group == number)
        columns, column_of = np.unique(checked[members, 3], return_inverse=True)
        rows, row_of = np.unique(checked[members, 4], return_inverse=True)
        packed[members] = _draw(tuple(sprite), columns, rows)[column_of, row_of]
    return np.unpackbits(packed.view(np.uint8), axis=1).reshape(-1, WIDTH, WIDTH)


def render_packed() -> NDArray[np.uint8]:
    """Draw the whole set in the official order: (737280, 512), np.packbits of each image."""
    return assembled(render_blocks())


def render_blocks() -> Iterator[NDArray[np.uint8]]:
    """Yield the whole set as 720 blocks of (1024, 512), a sprite each, in the official order."""
    everywhere = np.arange(SIZES[3])
    for sprite in product(*map(range, SIZES[:3])):
        yield _draw(sprite, everywhere, everywhere).view(np.uint8).reshape(-1, N_BYTES)


def fill(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Fill polygons at every pair of a column and a row: (columns, rows, 64), a mask a line.

    ``x`` is (columns, vertices) and ``y`` (rows, vertices), in 1/256 pixel and within the frame.
    Even-odd rule: each edge that crosses a line of pixel centres flips all pixels to its right.
    """
    line, vertex = _crossings(y)
    flips = _FROM.take(_first_pixels(x, y, line, vertex), mode="clip")  # (columns, crossings)
    masks = np.zeros((len(x), len(y) * WIDTH), np.uint64)
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    if len(starts):
        masks[:, line[starts]] = np.bitwise_xor.reduceat(flips, starts, axis=1)
    return masks.reshape(len(x), len(y), WIDTH)


def _draw(
    sprite: tuple[int, ...], columns: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Draw one sprite at every column (posX) and row (posY): (columns, rows, 64)."""
    offsets_x, offsets_y = turned(*sprite)
    return fill(snapped(offsets_x, columns), snapped(offsets_y, rows))


def _crossings(y: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where edges cross lines of pixel centres, for outlines at (rows, vertices) heights.

    Gives the line (64 for each row) and the vertex where the edge begins, sorted by line.
    """
    # A centre on a lower edge is inside, on an upper one outside: an edge crosses the lines from
    # its upper end, without it, to its lower end, with it.
    lines_above = (y + _HALF) // SUBPIXELS
    lines_above_next = np.roll(lines_above, -1, axis=1)
    n_crossed = np.abs(lines_above_next - lines_above).ravel()
    edge = np.repeat(np.arange(y.size), n_crossed)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(n_crossed) - n_crossed, n_crossed)
    row, vertex = np.divmod(edge, y.shape[1])
    line = row * WIDTH + np.minimum(lines_above, lines_above_next).ravel()[edge] + nth
    order = np.argsort(line, kind="stable")
    return line[order], vertex[order]


def _first_pixels(
    x: NDArray[np.int64], y: NDArray[np.int64], line: NDArray[np.int64], vertex: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Find the first pixel whose centre is on or right of a crossing: (columns, crossings).

    A centre on a left edge is so inside, and on a right edge outside.
    """
    row, pixel = np.divmod(line, WIDTH)
    y_begin = y[row, vertex]
    dy = np.roll(y, -1, axis=1)[row, vertex] - y_begin
    below = SUBPIXELS * pixel + _HALF - y_begin
    # Exact in float64: the numerator is an integer below 2**30. The quotient lies within the frame,
    # so that rounding moves it by 2**-47 at most, and unless it is an integer it is at least
    # 1 / |256 dy| >= 2**-22 away from one.
    x_begin = (x - _HALF).astype(np.float64)
    dx = np.roll(x_begin, -1, axis=1) - x_begin
    numerator = x_begin.take(vertex, axis=1) * dy + dx.take(vertex, axis=1) * below
    return np.ceil(numerator / (SUBPIXELS * dy)).astype(np.int64)
