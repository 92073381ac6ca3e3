"""The images of a study, by what its ``data`` says."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from disbench import dsprites
from disbench.datasets.layout import has_layout
from disbench.datasets.pixels import FORMATS
from disbench.datasets.stored import stored_images
from disbench.dsprites import FULL, RENDERED_SHA256, PackedImages
from disbench.dsprites.correlated import CorrelatedImages
from disbench.dsprites.drawn import ColourImages, NoisyImages
from disbench.dsprites.packed import N_BYTES
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from disbench.datasets.images import ImageSet


def _as_they_are(base: ImageSet) -> ImageSet:
    return base


DRAWN: Mapping[str, Callable[[ImageSet], ImageSet]] = MappingProxyType(
    {
        "rendered": _as_they_are,
        "colour": ColourImages,
        "noisy": NoisyImages,
        "correlated": CorrelatedImages,
    }
)
"""What is drawn on this machine, each from the rendered images."""

NAMES = ("rendered", "official", *(name for name in DRAWN if name != "rendered"))
"""All that data may be beside a path; the factors of each are those of dSprites."""


def open_images(data: str) -> ImageSet:
    """Open a set by its name (`NAMES`), or by the path of a file.

    A file is an official one of dSprites, or has ``images`` and ``factor_sizes``; see
    `read_layout`. Everything is mapped from the cache, where it is written the first time.

    Raises
    ------
    DataError
        If the file is not there or not of either layout, or the download fails.
    """
    if data in DRAWN:
        return DRAWN[data](dsprites.open_images("rendered"))
    return dsprites.open_images(data) if data == "official" else _file(Path(data))


def outline(data: str) -> ImageSet:
    """The set that `open_images` opens, with all but its images: nothing is drawn for it.

    Of a set that would have to be drawn the sprites are blank. A file is opened.

    Raises
    ------
    DataError
        As `open_images` does.
    """
    return DRAWN[data](_blank()) if data in DRAWN else open_images(data)


def _blank() -> PackedImages:
    """The rendered images without a lit pixel, which take no memory."""
    packed = np.broadcast_to(np.uint8(0), (FULL.n, N_BYTES))
    return PackedImages(packed, RENDERED_SHA256, "rendered")


def _file(path: Path) -> ImageSet:
    if path.suffix not in FORMATS or not path.is_file():
        raise DataError(
            f"there are no images at {str(path)!r}: data is {', '.join(map(repr, NAMES))}, or the "
            f"path of a file of images ({', '.join(FORMATS)})"
        )
    return stored_images(path) if has_layout(path) else dsprites.open_images(path)
