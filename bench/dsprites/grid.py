"""The five factors of dSprites, and the grids of images that they span."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

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
class FactorGrid:
    """Every ``stride``-th value of each factor, combined in the official order (posY fastest).

    A *factor index* counts the values of the whole set, whatever the grid; a *label* counts the
    values that the grid has kept; an *index* counts the images of the grid; a *row* counts the
    737,280 images of the whole set.
    """

    name: str
    stride: tuple[int, ...]

    @property
    def factor_names(self) -> tuple[str, ...]:
        """The names of the factors, slowest first."""
        return FACTOR_NAMES

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values the grid keeps of each factor."""
        return tuple(-(-size // step) for size, step in zip(SIZES, self.stride, strict=True))

    @property
    def n(self) -> int:
        """The number of images."""
        return prod(self.sizes)

    @property
    def n_factors(self) -> int:
        """The number of factors."""
        return len(self.sizes)

    def labels(self) -> NDArray[np.int64]:
        """Labels of all images: (n, 5), column k from 0 to sizes[k] - 1."""
        return self._labels_of(np.arange(self.n))

    def factors(self) -> NDArray[np.int64]:
        """Factor indices of all images: (n, 5)."""
        return self.labels() * np.array(self.stride, np.int64)

    def values(self) -> NDArray[np.float64]:
        """Factor values of all images: (n, 5); see `values_of`."""
        return self.values_of(self.factors())

    def rows(self) -> NDArray[np.int64]:
        """Rows of the grid's images in the whole set: (n,), ascending."""
        return FULL.index_of(self.factors())

    def index_of(self, factors: ArrayLike) -> NDArray[np.int64]:
        """Index in this grid of each row of the (m, 5) factor indices: (m,).

        Raises
        ------
        DataError
            If the factor indices are not valid, or the grid has left one of them out.
        """
        labels, left_out = np.divmod(check_factors(factors), np.array(self.stride, np.int64))
        if left_out.any():
            row, column = np.argwhere(left_out)[0]
            step = self.stride[column]
            raise DataError(
                f"{FACTOR_NAMES[column]} {labels[row, column] * step + left_out[row, column]} in "
                f"row {row} is not in the {self.name} grid, which keeps the multiples of {step}"
            )
        index: NDArray[np.int64] = np.ravel_multi_index(tuple(labels.T), self.sizes)
        return index

    def factors_of(self, index: ArrayLike) -> NDArray[np.int64]:
        """Factor indices of the images at the (m,) indices in this grid: (m, 5).

        Raises
        ------
        DataError
            If an index is no integer from 0 to n - 1.
        """
        return self._labels_of(check_rows(index, self.n)) * np.array(self.stride, np.int64)

    def values_of(self, factors: ArrayLike) -> NDArray[np.float64]:
        """Factor values of the (m, 5) factor indices: (m, 5), as in the official latents_values.

        The shape counts 1, 2, 3; the scale is a ratio, the orientation in radians, a position a
        fraction of its range.
        """
        columns = check_factors(factors).T
        return np.stack([v[i] for v, i in zip(FACTOR_VALUES, columns, strict=True)], axis=1)

    def _labels_of(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        labels = np.unravel_index(index, self.sizes)
        return np.stack(labels, axis=1).astype(np.int64, copy=False)


def check_factors(factors: ArrayLike) -> NDArray[np.int64]:
    """Give the (m, 5) factor indices as int64, once each is known to be that of a value.

    Raises
    ------
    DataError
        If the shape or the type is another, or an index is out of range.
    """
    checked = np.asarray(factors)
    if checked.ndim != 2 or checked.shape[1] != len(SIZES):  # noqa: PLR2004 - images by factors
        raise DataError(
            f"factor indices must have shape (images, {len(SIZES)}), a column for each of "
            f"{', '.join(FACTOR_NAMES)}; these have shape {checked.shape}"
        )
    _check_integers(checked, "factor indices")
    wrong = (checked < 0) | (checked >= np.array(SIZES))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(
            f"{FACTOR_NAMES[column]} {checked[row, column]} in row {row} is out of range: "
            f"factor indices of {FACTOR_NAMES[column]} run from 0 to {SIZES[column] - 1}"
        )
    return checked.astype(np.int64, copy=False)


def check_rows(rows: ArrayLike, n: int) -> NDArray[np.int64]:
    """Give the (m,) row numbers as int64, once each is known to be one of 0 to n - 1.

    Raises
    ------
    DataError
        If the shape or the type is another, or a row is out of range.
    """
    checked = np.asarray(rows)
    if checked.ndim != 1:
        raise DataError(f"row numbers must have shape (images,); these have {checked.shape}")
    _check_integers(checked, "row numbers")
    wrong = (checked < 0) | (checked >= n)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(f"row {checked[at]} at position {at} is not one of 0 to {n - 1}")
    return checked.astype(np.int64, copy=False)


def _check_integers(array: NDArray[Any], what: str) -> None:
    # An empty list has no integers to be of the wrong type, though numpy makes it float64.
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"{what} must be integers; these are {array.dtype}")


FULL = FactorGrid("full", stride=(1, 1, 1, 1, 1))
COARSE = FactorGrid("coarse", stride=(1, 1, 4, 2, 2))
TINY = FactorGrid("tiny", stride=(1, 1, 8, 8, 8))

GRIDS: Mapping[str, FactorGrid] = MappingProxyType({g.name: g for g in (FULL, COARSE, TINY)})
