"""Two sides and weights, the same in every test, and a process that interprets kernels."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
import torch
from joblib.externals.loky import ProcessPoolExecutor

from disbench.models.stacked.geometry import DENSE, Geometry
from disbench.models.stacked.stacking import HALVING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


class Sides(NamedTuple):
    """All that the sums of two models may be given, in the shapes that `Geometry` says."""

    geometry: Geometry
    large: Tensor
    small: Tensor
    weight: Tensor
    large_bias: Tensor
    small_bias: Tensor


class Shape(NamedTuple):
    """A geometry, the features of either side, the height and width of the small one, images."""

    geometry: Geometry
    n_large: int
    n_small: int
    height: int
    width: int
    batch: int

    def draw(self, dtype: torch.dtype) -> Sides:
        """Standard normal numbers."""
        geometry, n_large, n_small, height, width, batch = self
        rng, kernel, stride = np.random.default_rng(7), geometry.kernel, geometry.stride
        shapes = (
            (2, batch, stride * height, stride * width, n_large),
            (2, batch, height, width, n_small),
            (2, kernel, kernel, n_large, n_small),
            (2, n_large),
            (2, n_small),
        )
        drawn = (torch.from_numpy(rng.standard_normal(shape)).to(dtype) for shape in shapes)
        return Sides(geometry, *drawn)


FOLDED = Geometry(kernel=2, stride=2, padding=0)

SHAPES = {
    "halving": Shape(HALVING, 1, 3, 3, 2, 2),
    "folded": Shape(FOLDED, 3, 2, 2, 3, 2),
    "dense": Shape(DENSE, 5, 4, 1, 1, 3),
}

TILED = SHAPES | {
    "more than a tile": Shape(HALVING, 3, 70, 5, 6, 5),
    "one pixel a program": Shape(HALVING, 64, 5, 3, 3, 2),
    "dense in tiles": Shape(DENSE, 130, 40, 1, 1, 150),
    "several parts": Shape(FOLDED, 2, 3, 10, 10, 11),
}
"""Shapes that tiles of 16 to 128 do not divide; the last has more places than a program takes."""


@pytest.fixture(params=SHAPES)
def sides(request: pytest.FixtureRequest) -> Sides:
    """Numbers of every geometry, in float64."""
    return SHAPES[request.param].draw(torch.float64)


@pytest.fixture(params=TILED)
def tiled(request: pytest.FixtureRequest) -> Sides:
    """Numbers of shapes that do not fit tiles, in float32."""
    return TILED[request.param].draw(torch.float32)


@pytest.fixture(scope="session")
def interpreter() -> Iterator[ProcessPoolExecutor]:
    """A process in which Triton interprets its kernels: it decides that when it is imported."""
    if find_spec("triton") is None:
        pytest.skip("Triton is not installed")
    with ProcessPoolExecutor(1, env={"TRITON_INTERPRET": "1"}) as process:
        yield process
