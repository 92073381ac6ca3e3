"""The reference images are dSprites, small enough for a page, and have names."""

from __future__ import annotations

import zlib
from base64 import b64decode
from typing import TYPE_CHECKING

import numpy as np

from disbench.dsprites import images as draw
from disbench.explorer import REFERENCE, reference_images

if TYPE_CHECKING:
    from disbench.dsprites import PackedImages
    from disbench.explorer import ReferenceImages


def test_images_are_those_of_the_whole_set(images: ReferenceImages, whole: PackedImages) -> None:
    rows = images.grid.rows()
    assert np.array_equal(images.images.packed, whole.packed[rows])
    assert len(images.images) == 480


def test_payload_holds_every_bit(images: ReferenceImages) -> None:
    payload = images.payload()
    bits = np.frombuffer(zlib.decompress(b64decode(payload["packed"])), np.uint8)
    drawn = draw(images.grid.factors())
    assert np.array_equal(np.unpackbits(bits).reshape(-1, 64, 64), drawn)
    assert payload["n"] == 480


def test_values_are_in_words(images: ReferenceImages) -> None:
    assert images.payload()["factors"] == [
        ["square", "ellipse", "heart"],
        ["scale 0.5", "scale 1.0"],
        [f"orientation {degrees}°" for degrees in (0, 74, 148, 222, 295)],
        ["posX 0.00", "posX 0.26", "posX 0.52", "posX 0.77"],
        ["posY 0.00", "posY 0.26", "posY 0.52", "posY 0.77"],
    ]


def test_a_page_holds_eleven_thousand_in_less_than_200_kb() -> None:
    payload = reference_images().payload()
    assert payload["n"] == REFERENCE.n == 11_520
    assert len(payload["packed"]) < 200_000
