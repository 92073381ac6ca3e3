"""Compare an official file with the renderer, image by image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from disbench.dsprites.grid import FULL, FactorGrid
from disbench.dsprites.official import read_packed
from disbench.dsprites.whole import rendered

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Difference:
    """An image that differs: its index in the file, its factor indices, its differing pixels."""

    index: int
    factors: tuple[int, ...]
    n_pixels: int


@dataclass(frozen=True)
class Verification:
    """How the images of a file differ from the rendered ones; the first few by name."""

    n_images: int
    n_differing_images: int
    n_differing_pixels: int
    first: tuple[Difference, ...]

    @property
    def identical(self) -> bool:
        """Whether every pixel is the same."""
        return self.n_differing_pixels == 0


def verify(path: str | Path, *, grid: FactorGrid = FULL, n_first: int = 10) -> Verification:
    """Compare a file in the official layout with the renderer, and name the first differences.

    Raises
    ------
    DataError
        If the file cannot be read as the official one of this grid.
    """
    n_pixels = _differing_pixels(path, grid)
    differing = np.flatnonzero(n_pixels)
    first = differing[:n_first]
    return Verification(
        n_images=grid.n,
        n_differing_images=len(differing),
        n_differing_pixels=int(n_pixels.sum()),
        first=tuple(
            Difference(int(index), tuple(factors.tolist()), int(n_pixels[index]))
            for index, factors in zip(first, grid.factors_of(first), strict=True)
        ),
    )


def _differing_pixels(path: str | Path, grid: FactorGrid) -> NDArray[np.int64]:
    """Count the differing pixels of each image of the file: (n,)."""
    drawn, rows = rendered().packed, grid.rows()
    n_pixels = np.zeros(grid.n, np.int64)
    start = 0
    for block in read_packed(path, grid=grid):
        flips = block ^ drawn[rows[start : start + len(block)]]
        differing = np.flatnonzero(flips.any(axis=1))
        n_pixels[start + differing] = np.unpackbits(flips[differing], axis=1).sum(axis=1)
        start += len(block)
    return n_pixels
