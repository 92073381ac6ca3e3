"""What is made of another set of images keeps its factors and, unless it says so, its images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from disbench.datasets.hashing import identity_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from disbench.datasets.grid import Grid
    from disbench.datasets.images import ImageSet


@dataclass(frozen=True, eq=False)
class DerivedImages:
    """An image set made of the `base`; `source` is what a study calls it.

    ``definition`` is what its identity is made of, beside that of the base: it changes whenever
    other bytes are made than before.
    """

    base: ImageSet
    source: str
    definition: str

    @property
    def sha256(self) -> str:
        """The identity: that of the base, with what is made of it."""
        return identity_of(self.definition, self.base.sha256)

    @property
    def channels(self) -> int:
        """Of an image: 1 or 3."""
        return self.base.channels

    @property
    def largest(self) -> int:
        """What a pixel of full intensity is: 1 or 255."""
        return self.base.largest

    @property
    def n_bytes(self) -> int:
        """What the base takes; of the rest nothing is kept."""
        return self.base.n_bytes

    @property
    def factor_names(self) -> tuple[str, ...]:
        """The names of the factors of the base."""
        return self.base.factor_names

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values each factor of the base has."""
        return self.base.factor_sizes

    @property
    def drawn_together(self) -> tuple[tuple[int, ...], ...]:
        """The groups of factors that the base draws together."""
        return self.base.drawn_together

    def __len__(self) -> int:
        return len(self.base)

    def grid(self, name: str) -> Grid:
        """The grid of the base that is called so."""
        return self.base.grid(name)

    def draw(self, key: int, step: int, *, batch_size: int) -> NDArray[np.int64]:
        """Rows of the batch of one step of training: (batch_size,), as those of the base."""
        return self.base.draw(key, step, batch_size=batch_size)

    def unpack(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """The images at the (m,) rows, as the base has them."""
        return self.base.unpack(rows)
