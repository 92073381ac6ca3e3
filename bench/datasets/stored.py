"""Images of any factors out of a file, mapped from the cache and shared by all processes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from disbench.datasets.batches import batch_rows
from disbench.datasets.cache import VARIABLE, mapped
from disbench.datasets.grid import check_rows, grids_of
from disbench.datasets.layout import read_layout
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from disbench.datasets.grid import Grid
    from disbench.datasets.pixels import Pixels

LARGEST = 255


@dataclass(frozen=True, eq=False)
class StoredImages:
    """Images as (n, 64, 64) or (n, 64, 64, 3) bytes of 0 to 255.

    ``factors`` are how many values each has, by name, slowest first. ``sha256`` is that of the
    pixels, their shape and the factors.
    """

    pixels: NDArray[np.uint8]
    factors: Mapping[str, int]
    sha256: str
    source: str

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def channels(self) -> int:
        """Of an image: 1 or 3."""
        return 1 if self.pixels.ndim == 3 else 3  # noqa: PLR2004 - images, rows, columns

    @property
    def largest(self) -> int:
        """What a pixel of full intensity is."""
        return LARGEST

    @property
    def n_bytes(self) -> int:
        """What the pixels take, once for all processes of a machine."""
        return self.pixels.nbytes

    @property
    def factor_names(self) -> tuple[str, ...]:
        """The names of the factors, slowest first."""
        return tuple(self.factors)

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values each factor has: their product is the number of images."""
        return tuple(self.factors.values())

    @property
    def drawn_together(self) -> tuple[tuple[int, ...], ...]:
        """The factors, each by itself: they are independent of each other."""
        return tuple((factor,) for factor in range(len(self.factor_sizes)))

    def grid(self, name: str) -> Grid:
        """The grid of these images that is called so; see `grids_of`."""
        return grids_of(self.factors)[name]

    def draw(self, key: int, step: int, *, batch_size: int) -> NDArray[np.int64]:
        """Rows of the batch of one step of training: (batch_size,); see `batch_rows`."""
        return batch_rows(key, step, n_images=len(self), batch_size=batch_size)

    def unpack(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """The images at the (m,) rows, of 0 to 255: (m, 64, 64), or (m, 64, 64, 3).

        Raises `DataError` if a row is no integer from 0 to n - 1.
        """
        return np.asarray(self.pixels)[check_rows(rows, len(self))]


def stored_images(path: Path) -> StoredImages:
    """The images of a file of the layout that `read_layout` reads.

    The first time, its pixels are written to the cache, as many bytes as there are pixels; what
    is there is taken for as long as the file keeps its size and the time of its last change.

    Raises `DataError` for a file of another layout, and without a cache that can be written.
    """
    layout = read_layout(path)
    pixels, factors = layout.pixels, layout.factors
    shape = (pixels.n, *pixels.row_shape)
    try:
        kept, sha256 = mapped(f"images-{_state(path)}.bytes", partial(_full_range, pixels), shape)
    except OSError as error:
        raise DataError(
            f"the {prod(shape):,} bytes of the images of {path} cannot be kept in the cache "
            f"({error}); set {VARIABLE} to a folder with so much room"
        ) from error
    return StoredImages(kept, factors, _identity(sha256, shape, factors), str(path))


def _full_range(pixels: Pixels) -> Iterator[NDArray[np.uint8]]:
    """The pixels as 0 to 255: those of a file that holds nothing above 1 are 0 and 255."""
    binary = all(block.max() <= 1 for block in pixels.blocks())
    return (block * np.uint8(LARGEST) if binary else block for block in pixels.blocks())


def _state(path: Path) -> str:
    """What tells a file from others, and from what it was, without reading it."""
    state = path.stat()
    text = f"{path.resolve()} {state.st_size} {state.st_mtime_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _identity(pixels: str, shape: tuple[int, ...], factors: Mapping[str, int]) -> str:
    content = {"pixels": pixels, "shape": shape, "factors": list(factors.items())}
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
