"""The pixels of a grid as codes, unpacked where they are looked at: all would be 12 GB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from disbench.trainer import as_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike, NDArray

    from disbench.datasets.images import ImageSet

ROWS_AT_ONCE = 512
"""8 MB of pixels: they stay in the cache."""


def flat_pixels(images: ImageSet, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The images at these rows of the whole set as (m, pixels) of 0 to 1."""
    return np.asarray(as_tensor(images, rows, device="cpu").flatten(1))


def in_blocks(rows: NDArray[np.int64]) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """The rows a few at a time, each time with their place."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        yield block, rows[block]


@dataclass(frozen=True, eq=False)
class PixelCodes:
    """What a protocol that looks at drawn rows asks of an array of codes, (n, pixels) float32.

    `rows` are those of the images in the whole set.
    """

    images: ImageSet
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: NDArray[Any]) -> NDArray[np.float32]:
        return flat_pixels(self.images, self.rows[index])

    @property
    def dtype(self) -> np.dtype[np.float32]:
        """The type of what is gathered."""
        return np.dtype(np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of images and that of pixels."""
        return len(self), flat_pixels(self.images, self.rows[:1]).shape[1]

    def var(self, *, axis: int, dtype: DTypeLike) -> NDArray[np.float64]:
        """The variance of each pixel over the images, as of an array: (pixels,).

        Pixels lie in [0, 1], so that the mean square less the squared mean loses no digits that
        matter.
        """
        if axis != 0:
            raise ValueError(f"axis is {axis}; of pixels there is the variance over images, axis 0")
        total, squares = np.zeros((2, self.shape[1]), dtype)
        for _, rows in in_blocks(self.rows):
            pixels = flat_pixels(self.images, rows)
            total += pixels.sum(axis=0, dtype=dtype)
            squares += np.square(pixels).sum(axis=0, dtype=dtype)
        return np.asarray(squares / len(self) - (total / len(self)) ** 2)
