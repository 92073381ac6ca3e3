"""What every set of images can do, be it drawn or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from disbench.datasets.grid import Grid

WIDTH = 64
"""Pixels of an image, either way: what the networks are made for."""


class ImageSet(Protocol):
    """The images of a full grid of factors, the last factor fastest.

    A set is named in full by its ``sha256``; ``source`` says where it comes from.
    """

    @property
    def sha256(self) -> str:
        """The identity of the data, which that of a run holds."""
        ...

    @property
    def source(self) -> str:
        """Where the images come from: a name, or the path of a file."""
        ...

    @property
    def channels(self) -> int:
        """Of an image: 1 or 3."""
        ...

    @property
    def largest(self) -> int:
        """What a pixel of full intensity is: 1 or 255."""
        ...

    @property
    def n_bytes(self) -> int:
        """What the images take, once for all processes of a machine."""
        ...

    @property
    def factor_names(self) -> tuple[str, ...]:
        """The names of the factors, slowest first."""
        ...

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values each factor has: their product is the number of images."""
        ...

    @property
    def drawn_together(self) -> tuple[tuple[int, ...], ...]:
        """The places of all factors, in groups that `draw` draws independently of each other."""
        ...

    def __len__(self) -> int: ...

    def draw(self, key: int, step: int, *, batch_size: int) -> NDArray[np.int64]:
        """Rows of the batch of one step of training: (batch_size,), a function of its arguments."""
        ...

    def unpack(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """The images at the (m,) rows, of 0 to `largest`: (m, 64, 64), or (m, 64, 64, 3).

        Raises `DataError` if a row is no integer from 0 to n - 1.
        """
        ...

    def grid(self, name: str) -> Grid:
        """The grid of images that is called ``full``, ``coarse`` or ``tiny``."""
        ...
