"""What is kept of a model to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from disbench.errors import DamagedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


class Pictures(NamedTuple):
    """Images to look at, uint8 of 0 to 255, each (..., 64, 64) or, in colour, (..., 64, 64, 3).

    `traversals` is (latents, 9, 64, 64[, 3]): the first original's code with one dimension moved
    from the 1st to the 99th percentile that it has over the grid. `samples` decode standard normal
    codes, also for an autoencoder, which was never told to fill that space.
    """

    originals: NDArray[np.uint8]
    reconstructions: NDArray[np.uint8]
    traversals: NDArray[np.uint8]
    samples: NDArray[np.uint8]


def pictures_of(arrays: Mapping[str, NDArray[Any]], path: Path) -> Pictures:
    """The pictures that these arrays are, which were read from the path.

    Raises `DamagedError` where one is missing, or is no image.
    """
    if arrays.keys() != set(Pictures._fields):
        raise DamagedError(path, "it lacks pictures")
    for name, array in arrays.items():
        if array.dtype != np.uint8 or not _are_images(array.shape):
            raise DamagedError(path, f"{name} holds no images")
    return Pictures(**arrays)


def _are_images(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape holds images, grey or in colour."""
    return shape[-2:] == (64, 64) or shape[-3:] == (64, 64, 3)
