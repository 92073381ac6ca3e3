"""The images of a cell, opened once by each worker."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from disbench.data import open_images
from disbench.errors import DataError

if TYPE_CHECKING:
    from disbench.cells import Cell
    from disbench.datasets.images import ImageSet


def images_of(cell: Cell) -> ImageSet:
    """The images that a run is defined by; `DataError` if its data are others by now."""
    images = _opened(cell.data)
    if images.sha256 != cell.run.data_sha256:
        _opened.cache_clear()  # what was opened may be what the file held before
        images = _opened(cell.data)
    if images.sha256 != cell.run.data_sha256:
        raise DataError(
            f"{cell.data} holds other images than when the study was planned; give the command "
            "again for runs on those"
        )
    return images


@lru_cache(maxsize=1)
def _opened(data: str) -> ImageSet:
    """The images, opened once by each worker for as long as they are those that it needs."""
    return open_images(data)
