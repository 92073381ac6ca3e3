"""The five factors of dSprites, and the grids of images that they span."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from disbench.datasets import grid as any_grid
from disbench.datasets.grid import Grid, check_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "COARSE",
    "FACTOR_NAMES",
    "FACTOR_VALUES",
    "FULL",
    "GRIDS",
    "SIZES",
    "TINY",
    "FactorGrid",
    "check_factors",
    "check_rows",
]

FACTOR_NAMES = ("shape", "scale", "orientation", "posX", "posY")

# What latents_values says in the official files; a shape is a number there: square, ellipse, heart.
FACTOR_VALUES = (
    np.array([1.0, 2.0, 3.0]),
    np.linspace(0.5, 1.0, 6),
    np.linspace(0.0, 2.0 * np.pi, 40),
    np.linspace(0.0, 1.0, 32),
    np.linspace(0.0, 1.0, 32),
)
SIZES = tuple(len(values) for values in FACTOR_VALUES)


@dataclass(frozen=True)
class FactorGrid(Grid):
    """A grid of dSprites, in the official order (posY fastest), whose whole has 737,280 images."""

    factor_names: tuple[str, ...] = FACTOR_NAMES
    whole: tuple[int, ...] = SIZES

    def values(self) -> NDArray[np.float64]:
        """Factor values of all images: (n, 5); see `values_of`."""
        return self.values_of(self.factors())

    def values_of(self, factors: ArrayLike) -> NDArray[np.float64]:
        """Factor values of the (m, 5) factor indices: (m, 5), as in the official latents_values.

        The shape counts 1, 2, 3; the scale is a ratio, the orientation in radians, a position a
        fraction of its range.
        """
        columns = check_factors(factors).T
        return np.stack([v[i] for v, i in zip(FACTOR_VALUES, columns, strict=True)], axis=1)


def check_factors(factors: ArrayLike) -> NDArray[np.int64]:
    """Give the (m, 5) factor indices as int64, once each is known to be that of a value.

    Raises
    ------
    DataError
        If the shape or the type is another, or an index is out of range.
    """
    return any_grid.check_factors(factors, FACTOR_NAMES, SIZES)


FULL = FactorGrid("full", stride=(1, 1, 1, 1, 1))
COARSE = FactorGrid("coarse", stride=(1, 1, 4, 2, 2))
TINY = FactorGrid("tiny", stride=(1, 1, 8, 8, 8))

GRIDS: Mapping[str, FactorGrid] = MappingProxyType({g.name: g for g in (FULL, COARSE, TINY)})
