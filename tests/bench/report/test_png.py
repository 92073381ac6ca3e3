"""An image in a page is the array, bit by bit."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from disbench.report.png import strip


@pytest.mark.parametrize("shape", [(66, 792), (1, 1), (3, 2)])
def test_the_data_uri_decodes_to_the_image(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found = strip(image, alt="Noise.")
    kind, _, data = found.uri.partition(",")
    assert kind == "data:image/png;base64"
    with Image.open(BytesIO(b64decode(data, validate=True))) as decoded:
        assert (decoded.format, decoded.mode) == ("PNG", "L")
        assert np.array_equal(np.asarray(decoded), image)


def test_the_size_is_width_by_height_and_the_words_are_kept() -> None:
    found = strip(np.zeros((3, 7), np.uint8), alt="Nothing.")
    assert (found.width, found.height, found.alt) == (7, 3, "Nothing.")


def test_the_same_image_is_the_same_text() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert strip(image, alt="a").uri == strip(image.copy(), alt="b").uri
