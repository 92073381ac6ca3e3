"""Images as data URIs."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Strip(NamedTuple):
    """A picture for the page: where its bytes are, its size in pixels, and what it shows."""

    uri: str
    width: int
    height: int
    alt: str


def strip(image: NDArray[np.uint8], *, alt: str) -> Strip:
    """A grey image (height, width) or one in colour (height, width, 3) as a PNG in a data URI."""
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, format="PNG", optimize=True)
    height, width, *_ = image.shape
    uri = f"data:image/png;base64,{b64encode(buffer.getvalue()).decode('ascii')}"
    return Strip(uri, width, height, alt)
