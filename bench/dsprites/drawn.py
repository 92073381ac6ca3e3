"""dSprites in colour and before noise, drawn from the packed images whenever they are asked for.

Locatello et al. 2019 draw a colour or a noise anew each time they show an image (as their code
does). Here they belong to the image, so that a set is one: the same bits in every epoch and on
every machine. They are no factors: the factors are the five of dSprites.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from disbench.datasets.derived import DerivedImages
from disbench.datasets.grid import check_rows
from disbench.datasets.hashing import seed_of, split_mix
from disbench.datasets.images import WIDTH

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CHANNELS = 3
LARGEST = 255
_NUMBERS = WIDTH * WIDTH * CHANNELS // 8
"""Of 64 bits, for the noise of an image: each gives the bytes of eight values."""


@dataclass(frozen=True, eq=False)
class DrawnImages(DerivedImages):
    """Images of three channels, of 0 to 255, on a base of black and white ones."""

    @property
    def channels(self) -> int:
        """Of an image: red, green and blue."""
        return CHANNELS

    @property
    def largest(self) -> int:
        """What a pixel of full intensity is."""
        return LARGEST


@dataclass(frozen=True, eq=False)
class ColourImages(DrawnImages):
    """Sprites of one colour each on black: Color-dSprites of Locatello et al. 2019.

    Each channel of a colour is uniform over the upper 128 of 256 levels, which is [0.5, 1].
    """

    source: str = "colour"
    definition: str = "colour 1"

    def unpack(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """The images at the (m,) rows, of 0 to 255: (m, 64, 64, 3)."""
        lit, colours = self.base.unpack(rows), self.colours(rows)
        # A channel at a time: along an axis of three numpy is six times slower.
        return np.stack([lit * colours[:, c, None, None] for c in range(CHANNELS)], axis=-1)

    def colours(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """The colours of the sprites in the images at the (m,) rows: (m, 3), of 128 to 255."""
        random = split_mix(seed_of(self.definition), _addresses(rows, len(self), CHANNELS))
        return (np.uint64(128) + (random >> np.uint64(57))).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class NoisyImages(DrawnImages):
    """White sprites before noise: Noisy-dSprites of Locatello et al. 2019.

    The noise is uniform over all 256 levels, in every channel of every pixel. The sum of sprite and
    noise is clipped at full intensity, so that there is none on the sprite.
    """

    source: str = "noisy"
    definition: str = "noisy 1"

    def unpack(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """The images at the (m,) rows, of 0 to 255: (m, 64, 64, 3)."""
        lit = self.base.unpack(rows)
        return np.asarray(np.maximum(self.noise(rows), lit[..., None] * np.uint8(LARGEST)))

    def noise(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """The noise in the images at the (m,) rows, also behind the sprites: (m, 64, 64, 3)."""
        random = split_mix(seed_of(self.definition), _addresses(rows, len(self), _NUMBERS))
        in_order = random.astype("<u8", copy=False)  # the same bytes on every machine
        return in_order.view(np.uint8).reshape(-1, WIDTH, WIDTH, CHANNELS)


def _addresses(rows: ArrayLike, n_rows: int, n_each: int) -> NDArray[np.uint64]:
    """The addresses of the numbers that belong to the (m,) rows: (m, n_each)."""
    first = check_rows(rows, n_rows).astype(np.uint64) * np.uint64(n_each)
    return np.asarray(first[:, None] + np.arange(n_each, dtype=np.uint64), np.uint64)
