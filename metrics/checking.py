"""What public input must be before a metric sees it."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disbench.metrics.arrays import BoolArray, FloatArray, IntArray


class CodesError(ValueError):
    """Codes or factors that no metric can score."""


def checked_floats(values: ArrayLike, name: str) -> FloatArray:
    """Return `values` as a finite (n, d) array of float32 or float64.

    Floats of these widths are kept as they are; half precision becomes float32, everything else
    that is a number float64.

    Raises
    ------
    CodesError
        For another rank, no rows or columns, entries that are not numbers, NaN or infinity.
    """
    array = _table(np.asarray(values), name)
    if array.dtype == object:
        array = _numbers(array, name)
    if array.dtype.kind not in "fiub":
        raise CodesError(f"{name} have dtype {array.dtype}; pass real numbers")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    _refuse(~np.isfinite(array), array, name, "NaN or infinite")
    return cast("FloatArray", array)


def checked_labels(values: ArrayLike, names: Sequence[str]) -> IntArray:
    """Return the factors as (n, k) labels: each column's sorted distinct values, numbered from 0.

    Raises
    ------
    CodesError
        For missing or infinite entries, a factor with one value, a factor without a repeated value.
    """
    array = _table(np.asarray(values), "factors")
    columns = [_column_labels(array[:, j], name) for j, name in enumerate(names)]
    return np.stack(columns, axis=1)


def checked_names(names: Sequence[str] | None, n_factors: int) -> tuple[str, ...]:
    """Return one distinct name a factor; 'factor_0', 'factor_1', ... where none are given."""
    if names is None:
        return tuple(f"factor_{j}" for j in range(n_factors))
    if len(names) != n_factors or len(set(names)) != n_factors:
        raise CodesError(f"factor_names are {list(names)}; pass {n_factors} distinct names")
    return tuple(names)


def _table(array: NDArray[np.generic], name: str) -> NDArray[np.generic]:
    if array.ndim != 2:  # noqa: PLR2004
        raise CodesError(
            f"{name} have shape {array.shape}; pass two axes: (rows, columns), "
            "reshape(-1, 1) makes one column of a vector"
        )
    if 0 in array.shape:
        raise CodesError(f"{name} have shape {array.shape}; pass at least one row and one column")
    return array


def _numbers(array: NDArray[np.generic], name: str) -> NDArray[np.float64]:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise CodesError(f"{name} hold entries that are not numbers ({error})") from error


def _column_labels(column: NDArray[np.generic], name: str) -> IntArray:
    if column.dtype.kind == "f":
        missing = ~np.isfinite(column)
    else:
        missing = np.asarray(column != column, dtype=bool)  # noqa: PLR0124 - true of NaN, NaT only
    _refuse(missing[:, None], column[:, None], f"values of factor {name!r}", "missing or infinite")
    try:
        distinct, labels = np.unique(column, return_inverse=True)
    except TypeError as error:
        raise CodesError(f"factor {name!r} mixes types that have no order ({error})") from error
    if len(distinct) == 1:
        raise CodesError(f"factor {name!r} has one value, {distinct[0]}; leave this factor out")
    if len(distinct) == len(column):
        raise CodesError(
            f"no value of factor {name!r} occurs twice in {len(column)} rows; cut a continuous "
            "factor into bins first"
        )
    flat: IntArray = labels.reshape(-1)  # numpy 2.0.0 returned another shape
    return flat


def _refuse(bad: BoolArray, array: NDArray[np.generic], name: str, kind: str) -> None:
    if bad.any():
        row, column = np.unravel_index(int(bad.argmax()), bad.shape)
        raise CodesError(
            f"{name} hold {bad.sum():,} {kind} entries, the first ({array[row, column]}) in row "
            f"{row}, column {column}; drop these rows or replace the entries"
        )
