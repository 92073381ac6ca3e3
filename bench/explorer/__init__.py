"""A trained decoder in a web page: sliders for its code, run by the page itself, offline."""

from disbench.explorer.exploring import Explorer, explore
from disbench.explorer.markup import container, images_data, script, style
from disbench.explorer.reference import (
    REFERENCE,
    ReferenceImages,
    reference_images,
    reference_of,
)

__all__ = [
    "REFERENCE",
    "Explorer",
    "ReferenceImages",
    "container",
    "explore",
    "images_data",
    "reference_images",
    "reference_of",
    "script",
    "style",
]
