"""The kinds of array that metrics speak of, and what several of them ask of one."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
"""Codes, information, scores: float32 or float64."""
IntArray = NDArray[np.integer[Any]]
"""Labels, rows, counts."""
BoolArray = NDArray[np.bool_]
"""Masks."""

_ENTRIES_AT_ONCE = 2**21
"""Of one gather: those of 128 points or votes, each of 64 rows of 256 dimensions."""


def blocks(n: int, n_entries: int) -> Iterator[slice]:
    """Yield slices of 0 to n in order, of as many items as one gather of wide codes may have.

    An item has `n_entries`; each slice has at least one item.
    """
    size = max(1, _ENTRIES_AT_ONCE // n_entries)
    return (slice(start, start + size) for start in range(0, n, size))


def ratio(part: FloatArray | IntArray, whole: FloatArray | IntArray) -> FloatArray:
    """Return part / whole, and 0 where the whole is 0: a share of nothing counts as none."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole != 0)


def varying(codes: FloatArray) -> BoolArray:
    """Return which dimensions of (n, d) codes have two values or more: (d,).

    Their deviation is no test: rounding gives a constant such as 0.1 one above 0.
    """
    varies: BoolArray = codes.max(axis=0) > codes.min(axis=0)
    return varies


def standardised(codes: FloatArray, reference: FloatArray) -> FloatArray:
    """Return codes less the mean of the reference codes, over their deviation, in double precision.

    Shapes: (n, d) and (m, d) -> (n, d). Dimensions that are constant in the reference become 0.
    """
    varies = varying(reference)
    deviation = np.where(varies, reference.std(axis=0, dtype=np.float64), 1.0)
    centred: FloatArray = codes - reference.mean(axis=0, dtype=np.float64)
    return np.where(varies, centred / deviation, 0.0)


def top_two_gap(scores: FloatArray) -> FloatArray:
    """Return each column's largest entry less its second: (d, k) -> (k,); one row rivals 0."""
    rivals = np.vstack([np.zeros((1, scores.shape[1])), scores]) if len(scores) == 1 else scores
    second, first = np.partition(rivals, -2, axis=0)[-2:]
    gap: FloatArray = first - second
    return gap
