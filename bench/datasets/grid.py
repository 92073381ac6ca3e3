"""Factors of any number and sizes, and the grids of images that they span."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

MOST_VALUES: Mapping[str, int] = {"coarse": 16, "tiny": 6}
"""How many values of a factor the smaller grids keep at most."""


@dataclass(frozen=True)
class Grid:
    """Every ``stride``-th value of each factor, combined with the last factor fastest.

    ``whole`` counts the values that each factor has in the whole set. A *factor index* counts the
    values of the whole set, whatever the grid; a *label* counts the values that the grid has kept;
    an *index* counts the images of the grid; a *row* counts the images of the whole set.
    """

    name: str
    stride: tuple[int, ...]
    factor_names: tuple[str, ...]
    whole: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values the grid keeps of each factor."""
        return tuple(-(-size // step) for size, step in zip(self.whole, self.stride, strict=True))

    @property
    def n(self) -> int:
        """The number of images."""
        return prod(self.sizes)

    @property
    def n_factors(self) -> int:
        """The number of factors."""
        return len(self.sizes)

    def labels(self) -> NDArray[np.int64]:
        """Labels of all images: (n, factors), column k from 0 to sizes[k] - 1."""
        return self._labels_of(np.arange(self.n))

    def factors(self) -> NDArray[np.int64]:
        """Factor indices of all images: (n, factors)."""
        return self.labels() * np.array(self.stride, np.int64)

    def rows(self) -> NDArray[np.int64]:
        """Rows of the grid's images in the whole set: (n,), ascending."""
        rows: NDArray[np.int64] = np.ravel_multi_index(tuple(self.factors().T), self.whole)
        return rows

    def index_of(self, factors: ArrayLike) -> NDArray[np.int64]:
        """Index in this grid of each row of the (m, factors) factor indices: (m,).

        Raises
        ------
        DataError
            If the factor indices are not valid, or the grid has left one of them out.
        """
        checked = check_factors(factors, self.factor_names, self.whole)
        labels, left_out = np.divmod(checked, np.array(self.stride, np.int64))
        if left_out.any():
            row, column = np.argwhere(left_out)[0]
            raise DataError(
                f"{self.factor_names[column]} {checked[row, column]} in row {row} is not in the "
                f"{self.name} grid, which keeps the multiples of {self.stride[column]}"
            )
        index: NDArray[np.int64] = np.ravel_multi_index(tuple(labels.T), self.sizes)
        return index

    def factors_of(self, index: ArrayLike) -> NDArray[np.int64]:
        """Factor indices of the images at the (m,) indices in this grid: (m, factors).

        Raises
        ------
        DataError
            If an index is no integer from 0 to n - 1.
        """
        return self._labels_of(check_rows(index, self.n)) * np.array(self.stride, np.int64)

    def _labels_of(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        labels = np.unravel_index(index, self.sizes)
        return np.stack(labels, axis=1).astype(np.int64, copy=False)


def grids_of(factors: Mapping[str, int]) -> Mapping[str, Grid]:
    """The grids by name of factors whose numbers of values are given, the slowest first.

    ``full`` keeps every value; the others every so many, so that at most `MOST_VALUES` are left.
    """
    names, whole = tuple(factors), tuple(factors.values())
    strides = {"full": tuple(1 for _ in whole)} | {
        name: tuple(-(-size // most) for size in whole) for name, most in MOST_VALUES.items()
    }
    return {name: Grid(name, stride, names, whole) for name, stride in strides.items()}


def check_factors(
    factors: ArrayLike, names: tuple[str, ...], sizes: tuple[int, ...]
) -> NDArray[np.int64]:
    """Give the (m, factors) factor indices as int64, once each is known to be that of a value.

    Raises
    ------
    DataError
        If the shape or the type is another, or an index is out of range.
    """
    checked = np.asarray(factors)
    if checked.ndim != 2 or checked.shape[1] != len(sizes):  # noqa: PLR2004 - images by factors
        raise DataError(
            f"factor indices must have shape (images, {len(sizes)}), a column for each of "
            f"{', '.join(names)}; these have shape {checked.shape}"
        )
    _check_integers(checked, "factor indices")
    wrong = (checked < 0) | (checked >= np.array(sizes))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(
            f"{names[column]} {checked[row, column]} in row {row} is out of range: "
            f"factor indices of {names[column]} run from 0 to {sizes[column] - 1}"
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
