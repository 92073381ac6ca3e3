"""Shapes3D: ``3dshapes.h5``, with ``images`` and the ``labels`` of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from disbench.datasets.grid import grids_of
from disbench.datasets.original import Original
from disbench.datasets.pixels import pixels_in
from disbench.errors import DataError
from disbench.foreign import reading
from disbench.hdf5_files import read_hdf5

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CITATION = "Burgess & Kim, 3D Shapes Dataset, 2018, github.com/google-deepmind/3d-shapes"

FACTOR_NAMES = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
"""With 10, 10, 10, 8, 4 and 15 values in the published file."""


def read(path: Path) -> Original:
    """The published images; how many values each factor has is counted in the labels.

    Raises `DataError` unless there are as many labels (n, 6) as images, in the order of a grid
    whose last factor turns fastest.
    """
    pixels = pixels_in(path)
    with reading(path):
        labels = read_hdf5(path, "labels")
    if labels.shape != (pixels.n, len(FACTOR_NAMES)) or pixels.shape[3:] != (3,):
        raise DataError(
            f"{path} has images {pixels.shape} and labels {labels.shape}; Shapes3D has "
            f"(n, 64, 64, 3) and (n, {len(FACTOR_NAMES)})"
        )
    factors = {name: len(np.unique(labels[:, k])) for k, name in enumerate(FACTOR_NAMES)}
    _check_order(path, labels, factors)
    return Original(factors, pixels.blocks)


def _check_order(path: Path, labels: NDArray[Any], factors: dict[str, int]) -> None:
    indices = [np.unique(column, return_inverse=True)[1] for column in labels.T]
    grid = grids_of(factors)["full"]
    if grid.n != len(labels) or not np.array_equal(np.stack(indices, axis=1), grid.labels()):
        raise DataError(
            f"{path}: the labels of {len(labels):,} images are not those of a full grid of "
            f"{factors}, in order, as Shapes3D has; is it the whole published file?"
        )
