"""The three outlines of dSprites, and their vertices on the grid of 1/256 pixel.

The constants were fitted to real images: one vertex more or less, or a finer or coarser grid,
draws wrong pixels. Pixels are the unit and y points down, as on screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from disbench.dsprites.grid import FACTOR_VALUES

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUBPIXELS = 256
_RADIUS = 9.6
_, _SCALES, _ORIENTATIONS, _POSITIONS, _ = FACTOR_VALUES


def _angles(n: int) -> NDArray[np.float64]:
    return 2.0 * np.pi * np.arange(n) / n


def _square() -> NDArray[np.float64]:
    return _RADIUS * np.array([[-1.0, 1.0, 1.0, -1.0], [-1.0, -1.0, 1.0, 1.0]])


def _ellipse() -> NDArray[np.float64]:
    t = _angles(100)
    return _RADIUS * np.stack([1.33 * np.cos(t), np.sin(t) / 1.33])


def _heart() -> NDArray[np.float64]:
    t = _angles(150)
    height = 13.0 * np.cos(t) - 5.0 * np.cos(2 * t) - 2.0 * np.cos(3 * t) - np.cos(4 * t)
    return _RADIUS * np.stack([np.sin(t) ** 3, -(height / 14.5 + 0.15)])


OUTLINES = (_square(), _ellipse(), _heart())


def turned(shape: int, scale: int, orientation: int) -> NDArray[np.float64]:
    """Turn and scale the outline of a sprite, about its own centre: (2, vertices), x and y.

    The arguments are factor indices. The angle turns counter-clockwise on screen.
    """
    u, v = _SCALES[scale] * OUTLINES[shape]
    cos, sin = np.cos(_ORIENTATIONS[orientation]), np.sin(_ORIENTATIONS[orientation])
    return np.stack([u * cos + v * sin, -u * sin + v * cos])


def placed(offsets: NDArray[np.float64], positions: NDArray[Any]) -> NDArray[np.float64]:
    """Place vertices with these offsets at each position, in units of 1/256 pixel.

    One axis at a time: (v,) offsets in pixels and (p,) position indices give (p, v), unrounded.
    """
    centres: NDArray[np.float64] = 16.0 + 32.0 * _POSITIONS[positions]
    return SUBPIXELS * (centres[:, None] + offsets)


def snapped(offsets: NDArray[np.float64], positions: NDArray[Any]) -> NDArray[np.int64]:
    """Place vertices at the nearest points of the grid of 1/256 pixel; otherwise as `placed`.

    The sines above may differ in their last bit from machine to machine, the snapped vertices may
    not: none lies within 1e-8 of halfway, and rounding errors stay below 1e-10.
    """
    return np.rint(placed(offsets, positions)).astype(np.int64)
