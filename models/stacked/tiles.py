"""How much of a sum a program of the GPU takes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from disbench.models.stacked.devices import is_hopper

if TYPE_CHECKING:
    from collections.abc import Mapping


class Tile(NamedTuple):
    """The rows and columns that a program sums, how many terms at a time, and who does it."""

    rows: int
    columns: int
    depth: int
    warps: int = 4
    stages: int = 2


Key = tuple[str, int, int, int, int]
"""The sum, the width of the kernel, the features of the large and the small side, its height."""

TUNED: Mapping[Key, Tile] = {
    ("correlate", 1, 1024, 256, 1): Tile(128, 128, 64, 4, 4),
    ("correlate", 1, 256, 1024, 1): Tile(128, 64, 64, 8, 3),
    ("correlate", 2, 32, 64, 8): Tile(128, 64, 64, 4, 4),
    ("correlate", 2, 64, 64, 4): Tile(128, 64, 64, 8, 3),
    ("correlate", 4, 1, 32, 32): Tile(16, 32, 256, 4, 2),
    ("correlate", 4, 32, 32, 16): Tile(256, 32, 64, 4, 3),
    ("correlate", 4, 32, 64, 8): Tile(128, 64, 128, 4, 2),
    ("correlate", 4, 64, 64, 4): Tile(128, 64, 128, 4, 2),
    ("down", 1, 1024, 256, 1): Tile(64, 64, 64, 4, 3),
    ("down", 1, 256, 1024, 1): Tile(64, 128, 64, 4, 3),
    ("down", 2, 32, 64, 8): Tile(64, 64, 32, 4, 3),
    ("down", 2, 64, 64, 4): Tile(256, 64, 64, 4, 2),
    ("down", 4, 1, 32, 32): Tile(256, 32, 16, 4, 1),
    ("down", 4, 32, 32, 16): Tile(128, 32, 32, 4, 3),
    ("down", 4, 32, 64, 8): Tile(128, 64, 64, 8, 3),
    ("down", 4, 64, 64, 4): Tile(128, 64, 64, 4, 3),
    ("up", 1, 1024, 256, 1): Tile(64, 128, 64, 4, 4),
    ("up", 1, 256, 1024, 1): Tile(64, 64, 64, 8, 3),
    ("up", 2, 32, 64, 8): Tile(64, 128, 64, 8, 3),
    ("up", 2, 64, 64, 4): Tile(64, 64, 64, 4, 3),
    ("up", 4, 1, 32, 32): Tile(256, 16, 32, 4, 2),
    ("up", 4, 32, 32, 16): Tile(128, 32, 32, 4, 3),
    ("up", 4, 32, 64, 8): Tile(64, 32, 64, 4, 2),
    ("up", 4, 64, 64, 4): Tile(128, 64, 64, 8, 3),
}
"""What was fastest of the layers of `conv`, in bfloat16 on an H200."""


def tile_of(key: Key, default: Tile, *, dtype: torch.dtype, device: torch.device) -> Tile:
    """The tile of a sum, decided by the shapes of a single model: others would round otherwise."""
    is_tuned = dtype == torch.bfloat16 and is_hopper(device)
    return TUNED.get(key, default) if is_tuned else default
