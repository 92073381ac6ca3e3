"""The user's cache folder, where images are kept as files that all processes share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

from disbench.datasets.proved import ensure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from disbench.datasets.proved import Blocks

VARIABLE = "DISBENCH_CACHE"


def folder() -> Path:
    """Tell where cached files go: ``DISBENCH_CACHE`` if set, or the user's cache folder."""
    return Path(os.environ.get(VARIABLE) or platformdirs.user_cache_path("disbench")).expanduser()


def mapped(
    name: str, blocks: Blocks, shape: tuple[int, ...], sha256: str | None = None
) -> tuple[NDArray[np.uint8], str]:
    """Map the file of this name, written from the blocks if it is not there yet.

    Gives read-only bytes of the shape, and their SHA-256. Raises as `ensure` does.
    """
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    known = ensure(path, blocks, sha256)
    return np.memmap(path, np.uint8, mode="r", shape=shape), known
