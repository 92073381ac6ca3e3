"""What the official dSprites files hold, and under which names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from disbench.datasets.images import WIDTH
from disbench.dsprites.grid import FACTOR_NAMES, FACTOR_VALUES
from disbench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

# The official files count a sixth factor, of one value, before the five.
LATENT_NAMES = ("color", *FACTOR_NAMES)
LATENT_VALUES = (np.ones(1), *FACTOR_VALUES)

# Files are read and written this many rows at a time: 17 MB of pixels.
BLOCK = 4096


@dataclass(frozen=True)
class Member:
    """One array of the files: its name in each format, the shape and type of its rows."""

    npz: str
    hdf5: str
    row_shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def check(self, path: Path, n: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Refuse an array of another shape or type than that of n official rows.

        Raises
        ------
        DataError
            If it is another.
        """
        if shape != (n, *self.row_shape) or dtype != self.dtype:
            raise DataError(
                f"{path}: {self.hdf5} has shape {shape} and type {dtype}, "
                f"where dSprites has {(n, *self.row_shape)} and {self.dtype}"
            )


IMAGES = Member("imgs", "imgs", (WIDTH, WIDTH), np.dtype(np.uint8))
CLASSES = Member("latents_classes", "latents/classes", (len(LATENT_NAMES),), np.dtype(np.int64))
VALUES = Member("latents_values", "latents/values", (len(LATENT_NAMES),), np.dtype(np.float64))

Array = NDArray[Any]
Contents = Iterable[tuple[Member, int, Iterator[Array]]]
