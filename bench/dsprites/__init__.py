"""dSprites: the factor grid, the renderer, the official files, what is drawn from the images."""

from disbench.datasets.batches import batch_rows
from disbench.dsprites.grid import COARSE, FULL, GRIDS, FactorGrid
from disbench.dsprites.official import write_official
from disbench.dsprites.packed import PackedImages
from disbench.dsprites.render import RENDERED_SHA256, images
from disbench.dsprites.sources import identify, open_images
from disbench.dsprites.verification import verify

__all__ = [
    "COARSE",
    "FULL",
    "GRIDS",
    "RENDERED_SHA256",
    "FactorGrid",
    "PackedImages",
    "batch_rows",
    "identify",
    "images",
    "open_images",
    "verify",
    "write_official",
]
