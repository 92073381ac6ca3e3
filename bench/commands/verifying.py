"""`disbench data verify`: where a file differs from the renderer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench import dsprites
from disbench.dsprites import FULL

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console


def verify(file: Path, *, console: Console) -> bool:
    """Print how many images and pixels differ and which come first; whether none does."""
    found = dsprites.verify(file)
    if found.identical:
        console.print(f"identical: all {found.n_images:,} images", markup=False)
        return True
    console.print(
        f"{found.n_differing_images:,} of {found.n_images:,} images differ, "
        f"in {found.n_differing_pixels:,} pixels; the first:",
        markup=False,
    )
    for image in found.first:
        pairs = zip(FULL.factor_names, image.factors, strict=True)
        where = ", ".join(f"{name} {value}" for name, value in pairs)
        console.print(f"  image {image.index}: {image.n_pixels} pixels ({where})", markup=False)
    return False
