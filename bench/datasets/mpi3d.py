"""MPI3D: ``mpi3d_toy.npz`` and its kin, with ``images`` and nothing else."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from disbench.datasets.original import Original
from disbench.datasets.pixels import pixels_in
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CITATION = (
    "Gondal et al., On the Transfer of Inductive Bias from Simulation to the Real World: a New "
    "Disentanglement Dataset, NeurIPS 2019, github.com/rr-learning/disentanglement_dataset"
)

FACTOR_NAMES = (
    "object_color",
    "object_shape",
    "object_size",
    "camera_height",
    "background_color",
    "horizontal_axis",
    "vertical_axis",
)

SIZES: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {
        1_036_800: (6, 6, 2, 3, 3, 40, 40),  # toy, realistic and real
        460_800: (4, 4, 2, 3, 3, 40, 40),  # those of the challenge, and real_complex
    }
)
"""By the number of images how many values each factor has, as the authors publish it."""


def read(path: Path) -> Original:
    """The published images, whose order is that of the table of factors.

    Raises `DataError` for another number of images than the authors have published.
    """
    pixels = pixels_in(path)
    if pixels.n not in SIZES or pixels.shape[3:] != (3,):
        known = " or ".join(f"({n:,}, 64, 64, 3)" for n in SIZES)
        raise DataError(f"{path} has images {pixels.shape}; MPI3D has {known}")
    return Original(dict(zip(FACTOR_NAMES, SIZES[pixels.n], strict=True)), pixels.blocks)
