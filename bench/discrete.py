"""Continuous factors made discrete, by one stated rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

MOST_VALUES = 100
N_BINS = 20


def discretised(factors: ArrayLike, names: Sequence[str]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The factors with every continuous one cut into bins, and the names of those that were.

    A factor is continuous if it holds numbers that are not whole, and more than 100 distinct ones.
    It is cut into 20 bins of equal counts (between its quantiles), so that it keeps as much entropy
    as 20 values can have. Other factors keep their values. Shapes: (n, k) to (n, k).
    """
    table = np.asarray(factors)
    columns = [table[:, j] for j in range(table.shape[1])]
    continuous = [j for j, column in enumerate(columns) if _is_continuous(column)]
    for j in continuous:
        inner = np.quantile(columns[j].astype(np.float64), np.linspace(0, 1, N_BINS + 1)[1:-1])
        columns[j] = np.searchsorted(inner, columns[j].astype(np.float64), side="right")
    if not continuous:
        return table, ()
    return np.stack(columns, axis=1), tuple(names[j] for j in continuous)


def _is_continuous(column: NDArray[Any]) -> bool:
    try:
        numbers = column.astype(np.float64)
    except (TypeError, ValueError):  # words, for example: categories
        return False
    if not np.isfinite(numbers).all():
        return False  # refused later, with its place
    return bool((numbers % 1 != 0).any()) and len(np.unique(numbers)) > MOST_VALUES
