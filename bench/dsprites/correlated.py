"""dSprites of which training sees two factors that depend on each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from disbench.datasets.batches import raw_numbers
from disbench.datasets.derived import DerivedImages

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIR = ("scale", "posX")
"""The factors that depend on each other: the larger a sprite, the further to the right."""

SIGMA = 0.2
"""How far a pair of values, each a share of its range, strays from the diagonal."""

_UNIT = 2**32


@dataclass(frozen=True, eq=False)
class CorrelatedImages(DerivedImages):
    """The images of the base, of which training draws pairs of values along a line.

    p(i, j) is in proportion to exp(-(u_i - v_j)^2 / (2 sigma^2)), where u and v run from 0 to 1
    over the values of either factor (Träuble et al. 2021, section 3, from memory; the pair is our
    choice); the other factors are uniform and independent. A grid holds every combination all the
    same: what is learnt of the correlated images is judged by the whole.
    """

    source: str = "correlated"
    definition: str = f"correlated 1 {' '.join(PAIR)} {SIGMA}"

    @property
    def drawn_together(self) -> tuple[tuple[int, ...], ...]:
        """The pair as one group, in the place of its first factor; the others each by itself."""
        pair = tuple(self.factor_names.index(name) for name in PAIR)
        singles = ((k,) for k in range(len(self.factor_names)) if k not in pair)
        return tuple(sorted((pair, *singles)))

    def draw(self, key: int, step: int, *, batch_size: int) -> NDArray[np.int64]:
        """Rows of the batch of one step of training: (batch_size,), of pairs that go together.

        Like `batch_rows` a function of its arguments alone, in integers from first to last.
        """
        pair, others = raw_numbers(key, step, 2 * batch_size).reshape(2, batch_size)
        sizes = self.factor_sizes
        first, second = (self.factor_names.index(name) for name in PAIR)
        indices = _uniform(others, [1 if k in {first, second} else n for k, n in enumerate(sizes)])
        indices[first], indices[second] = _dependent(pair, sizes[first], sizes[second])
        rows: NDArray[np.int64] = np.ravel_multi_index(tuple(indices), sizes)
        return rows


@lru_cache
def weights(n_first: int, n_second: int) -> NDArray[np.uint64]:
    """Whole numbers in proportion to p(i, j), up to rounding: (n_first, n_second).

    Rounded, since the last bit of an exponential may differ from machine to machine: none lies
    within 0.001 of halfway, for the sizes of dSprites.
    """
    apart = np.linspace(0, 1, n_first)[:, None] - np.linspace(0, 1, n_second)
    exact = _UNIT * np.exp(-(apart**2) / (2 * SIGMA**2))
    return np.asarray(np.rint(exact), np.uint64)


def _dependent(
    raw: NDArray[np.uint64], n_first: int, n_second: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two indices for each raw number, by the inverse of the cumulative weights."""
    upto = np.cumsum(weights(n_first, n_second))
    cell = np.searchsorted(upto, raw % upto[-1], side="right")
    first, second = np.divmod(cell, n_second)
    return first.astype(np.int64), second.astype(np.int64)


def _uniform(raw: NDArray[np.uint64], sizes: list[int]) -> list[NDArray[np.int64]]:
    """Indices for each raw number, uniform below the sizes."""
    number = (raw % np.uint64(np.prod(sizes))).astype(np.int64)
    return list(np.unravel_index(number, sizes))
