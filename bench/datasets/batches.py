"""Which images a step of training sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from disbench.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Philox counts to 2**256: a step owns 2**128 blocks of numbers, so no two steps share one.
_BLOCKS_OF_A_STEP = 2**128


def batch_rows(key: int, step: int, *, n_images: int, batch_size: int) -> NDArray[np.int64]:
    """Draw the rows of the batch of one step: (batch_size,), uniform with replacement.

    A function of its arguments alone: the batch of a step is the same whether or not a run was
    interrupted, and the same for every version of numpy. The 128-bit ``key`` belongs to the run.

    Raises
    ------
    DataError
        If there are no images to draw from.
    ValueError
        If the key is not in 0 to 2**128 - 1, or the step is negative.
    """
    if n_images < 1:
        raise DataError(f"a batch cannot be drawn from {n_images} images")
    # The remainder favours a row over another by less than n_images / 2**64.
    return (raw_numbers(key, step, batch_size) % np.uint64(n_images)).astype(np.int64)


def raw_numbers(key: int, step: int, n: int) -> NDArray[np.uint64]:
    """The first n numbers, of 64 bits each, that belong to a step of the run with this key.

    Raises `ValueError` as `batch_rows` does.
    """
    # Raw numbers, since numpy keeps the stream of a bit generator but not that of Generator.
    bits = np.random.Philox(key=key, counter=step * _BLOCKS_OF_A_STEP)
    return np.asarray(bits.random_raw(n), np.uint64)
