"""The whole set as packed images, mapped from the cache and shared by all processes."""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING

from disbench.datasets.cache import VARIABLE, mapped
from disbench.datasets.proved import confirmed
from disbench.dsprites.grid import FULL
from disbench.dsprites.packed import N_BYTES, PackedImages, assembled
from disbench.dsprites.render import RENDERED_SHA256, render_blocks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from disbench.datasets.proved import Blocks

PAGE = 4096
"""Bytes that are mapped at once."""


def rendered() -> PackedImages:
    """Open the whole set as the renderer draws it, mapped read-only from the cache.

    The first call on a machine draws it (some seconds, 377 MB of disk); see `cached`.

    Raises
    ------
    DataError
        If this machine draws other images than the known ones.
    """
    name = f"rendered-{RENDERED_SHA256[:16]}"
    packed, sha256 = cached(name, render_blocks, RENDERED_SHA256)
    return PackedImages(packed, sha256, "rendered")


def cached(name: str, blocks: Blocks, sha256: str | None = None) -> tuple[NDArray[np.uint8], str]:
    """Open the packed whole set of this name, written from the blocks if it is not there yet.

    Gives (737280, 512) read-only bytes and their SHA-256. Without a writable cache they are kept
    in the memory of this process, with a warning.

    Raises
    ------
    DataError
        If ``sha256`` is given and is not that of the blocks.
    """
    try:
        packed, known = mapped(f"dsprites-{name}.bits", blocks, (FULL.n, N_BYTES), sha256)
    except OSError as error:
        _warn(error)
        packed = assembled(blocks())
        packed.flags.writeable = False
        return packed, confirmed(hashlib.sha256(packed.data).hexdigest(), sha256)
    # All of it touched at once: mapped bit by bit it would look like memory that leaks.
    packed[:: PAGE // N_BYTES, 0].max()
    return packed, known


def _warn(error: OSError) -> None:
    warnings.warn(
        f"each process keeps dSprites in its own memory (377 MB), since the cache cannot be used "
        f"({error}); set {VARIABLE} to a writable folder to share it",
        stacklevel=4,
    )
