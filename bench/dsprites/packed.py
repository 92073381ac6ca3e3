"""Images a bit a pixel: 512 bytes each, 377 MB for the whole set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from disbench.datasets.batches import batch_rows
from disbench.datasets.images import WIDTH
from disbench.dsprites.grid import FACTOR_NAMES, FULL, GRIDS, SIZES, FactorGrid, check_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

N_BYTES = WIDTH * WIDTH // 8


@dataclass(frozen=True, eq=False)
class PackedImages:
    """Images as (n, 512) bytes, each row np.packbits of one.

    ``sha256`` is that of all bytes of ``packed``: the identity of the data. ``source`` says where
    they come from: ``rendered``, or the path of a file.
    """

    packed: NDArray[np.uint8]
    sha256: str
    source: str

    def __len__(self) -> int:
        return len(self.packed)

    @property
    def channels(self) -> int:
        """Of an image: lit or not."""
        return 1

    @property
    def largest(self) -> int:
        """What a lit pixel is."""
        return 1

    @property
    def n_bytes(self) -> int:
        """What the images take, once for all processes of a machine."""
        return self.packed.nbytes

    @property
    def factor_names(self) -> tuple[str, ...]:
        """The names of the factors, slowest first."""
        return FACTOR_NAMES

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values each factor has, slowest first: their product is the number of images."""
        return SIZES

    @property
    def drawn_together(self) -> tuple[tuple[int, ...], ...]:
        """The factors, each by itself: they are independent of each other."""
        return tuple((factor,) for factor in range(len(self.factor_sizes)))

    def draw(self, key: int, step: int, *, batch_size: int) -> NDArray[np.int64]:
        """Rows of the batch of one step of training: (batch_size,); see `batch_rows`."""
        return batch_rows(key, step, n_images=len(self), batch_size=batch_size)

    def grid(self, name: str) -> FactorGrid:
        """The grid of dSprites that is called so; see `GRIDS`."""
        return GRIDS[name]

    def unpack(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """Unpack the images at the (m,) rows, in that order: (m, 64, 64), 1 where lit, else 0.

        Raises
        ------
        DataError
            If a row is no integer from 0 to n - 1.
        """
        chosen = np.asarray(self.packed)[check_rows(rows, len(self))]
        return np.unpackbits(chosen, axis=1).reshape(-1, WIDTH, WIDTH)


def assembled(blocks: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Join the blocks of the packed whole set: (737280, 512)."""
    packed = np.empty((FULL.n, N_BYTES), np.uint8)
    start = 0
    for block in blocks:
        packed[start : start + len(block)] = block
        start += len(block)
    return packed
