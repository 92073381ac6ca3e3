"""The images that a page shows beside a decoded one: a coarse grid, the same for every run."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from disbench.dsprites import FactorGrid, PackedImages, images
from disbench.dsprites.grid import FACTOR_VALUES
from disbench.explorer.base64_text import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REFERENCE = FactorGrid("reference", stride=(1, 1, 4, 4, 4))
"""3 x 6 x 10 x 8 x 8 = 11,520 images."""

START = (2, 5, 0, 16, 16)
"""The factor indices of the image that an explorer begins with: a large heart in the middle."""

SHAPES = ("square", "ellipse", "heart")

WORDS: Mapping[str, Callable[[float], str]] = {
    "shape": lambda value: SHAPES[round(value) - 1],
    "scale": lambda value: f"scale {value:.1f}",
    "orientation": lambda value: f"orientation {np.degrees(value):.0f}°",
    "posX": lambda value: f"posX {value:.2f}",
    "posY": lambda value: f"posY {value:.2f}",
}
"""A value of a factor as a person says it, by factor."""


@dataclass(frozen=True, eq=False)
class ReferenceImages:
    """The images of a grid, in its order."""

    grid: FactorGrid
    images: PackedImages

    def payload(self) -> dict[str, object]:
        """What the page needs of them, as JSON-able data.

        ``packed`` is base64 of the deflated bits (zlib), ``factors`` the words for the values of
        each factor, slowest first.
        """
        # In the official order neighbours differ in posY alone: of the orders tried it deflates
        # best, to a fortieth.
        deflated = zlib.compress(self.images.packed.tobytes(), level=9)
        return {"n": self.grid.n, "factors": self._words(), "packed": text_of(deflated)}

    def _words(self) -> list[list[str]]:
        factors = zip(self.grid.factor_names, FACTOR_VALUES, self.grid.stride, strict=True)
        return [[WORDS[name](value) for value in values[::step]] for name, values, step in factors]


def reference_images(grid: FactorGrid = REFERENCE) -> ReferenceImages:
    """The images of a grid, drawn on the spot."""
    drawn = images(grid.factors())
    packed = np.packbits(drawn.reshape(grid.n, -1), axis=1)
    sha256 = hashlib.sha256(packed.data).hexdigest()
    return ReferenceImages(grid, PackedImages(packed, sha256, "rendered"))
