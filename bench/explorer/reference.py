"""The images that a page shows beside a decoded one: a coarse grid, the same for all runs on it."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from disbench.datasets.stored import StoredImages
from disbench.dsprites import FactorGrid, PackedImages, images
from disbench.dsprites.grid import FACTOR_VALUES
from disbench.errors import ExplorerError
from disbench.explorer.base64_text import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from disbench.datasets.grid import Grid
    from disbench.datasets.images import ImageSet

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


MOST_IMAGES = 800
"""Of a set that takes a byte a pixel and channel."""

MAX_BYTES = 3_000_000
"""Of such images, deflated; a page holds a third more, in base64."""


@dataclass(frozen=True, eq=False)
class ReferenceImages:
    """The images of a grid, in its order; ``start`` is the one that an explorer begins with."""

    grid: Grid
    images: PackedImages | StoredImages
    start: int

    def payload(self) -> dict[str, object]:
        """What the page needs of them, as JSON-able data.

        ``packed`` is base64 of the deflated pixels (zlib), of which each has so many ``bits``, a
        channel after the other; ``factors`` are the words for the values of each factor, slowest
        first.
        """
        return {
            "n": self.grid.n,
            "channels": self.images.channels,
            "bits": 1 if isinstance(self.images, PackedImages) else 8,
            "factors": _words(self.grid),
            "packed": text_of(self.deflated),
        }

    @cached_property
    def deflated(self) -> bytes:
        """The pixels as the page gets them."""
        # In the official order neighbours differ in posY alone: of the orders tried it deflates
        # best, to a fortieth.
        return zlib.compress(_content(self.images), level=9)


def _content(images: PackedImages | StoredImages) -> bytes:
    if isinstance(images, PackedImages):
        return images.packed.tobytes()
    by_channel = images.pixels.reshape(len(images), 64, 64, -1).transpose(0, 3, 1, 2)
    return by_channel.tobytes()


def _words(grid: Grid) -> list[list[str]]:
    """What a person calls the values of each factor; those of unknown factors are numbered."""
    if not isinstance(grid, FactorGrid):
        pairs = zip(grid.factor_names, grid.whole, grid.stride, strict=True)
        return [[f"{name} {k}" for k in range(0, size, step)] for name, size, step in pairs]
    factors = zip(grid.factor_names, FACTOR_VALUES, grid.stride, strict=True)
    return [[WORDS[name](value) for value in values[::step]] for name, values, step in factors]


def reference_images(grid: FactorGrid = REFERENCE) -> ReferenceImages:
    """The black and white images of a grid of dSprites, drawn on the spot."""
    drawn = images(grid.factors())
    packed = np.packbits(drawn.reshape(grid.n, -1), axis=1)
    sha256 = hashlib.sha256(packed.data).hexdigest()
    [start] = grid.index_of([START])
    return ReferenceImages(grid, PackedImages(packed, sha256, "rendered"), int(start))


def reference_of(images: ImageSet) -> ReferenceImages:
    """A few hundred images of any set, evenly spaced, beginning with the one in the middle.

    Raises `ExplorerError` if they take more than `MAX_BYTES`.
    """
    grid = _sparse(images.grid("full"))
    pixels = images.unpack(grid.rows()) * np.uint8(255 // images.largest)
    factors = dict(zip(grid.factor_names, grid.sizes, strict=True))
    few = StoredImages(pixels, factors, hashlib.sha256(pixels.tobytes()).hexdigest(), images.source)
    found = ReferenceImages(grid, few, grid.n // 2)
    if (size := len(found.deflated)) > MAX_BYTES:
        raise ExplorerError(
            f"the {grid.n} images to compare with take {size / 1e6:.1f} MB, and a page has "
            f"{MAX_BYTES / 1e6:.1f} MB for them"
        )
    return found


def _sparse(whole: Grid) -> Grid:
    """As many values of each factor as there are `MOST_IMAGES` for, the same for all."""
    for most in range(max(whole.whole), 0, -1):
        grid = replace(whole, name="reference", stride=tuple(-(-n // most) for n in whole.whole))
        if prod(grid.sizes) <= MOST_IMAGES:
            return grid
    raise AssertionError("a value of each factor is one image")
