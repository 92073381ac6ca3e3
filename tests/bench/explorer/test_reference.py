"""The reference images are dSprites, small enough for a page, and have names."""

from __future__ import annotations

import zlib
from base64 import b64decode
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.datasets.stored import StoredImages
from disbench.dsprites import images as draw
from disbench.dsprites.drawn import ColourImages, NoisyImages
from disbench.errors import ExplorerError
from disbench.explorer import REFERENCE, reference_images, reference_of
from disbench.explorer.reference import MAX_BYTES

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


def test_payload_says_how_many_bits_a_pixel_has(images: ReferenceImages) -> None:
    payload = images.payload()
    assert (payload["bits"], payload["channels"]) == (1, 1)


def test_images_of_any_set_are_a_few_evenly_spaced_ones(few: ReferenceImages) -> None:
    """6 x 4 x 50 values: 10 of each, as far as there are so many, are 6 x 4 x 10 images."""
    assert few.grid.sizes == (6, 4, 25)
    rows = [200 * a + 50 * b + c for a in range(6) for b in range(4) for c in range(0, 50, 2)]
    assert np.array_equal(few.images.pixels, _noise()[rows])
    assert few.start == 300


def test_payload_in_colour_holds_a_channel_after_the_other(few: ReferenceImages) -> None:
    payload = few.payload()
    content = zlib.decompress(b64decode(payload["packed"]))
    read = np.frombuffer(content, np.uint8).reshape(600, 3, 64, 64)
    assert np.array_equal(read.transpose(0, 2, 3, 1), few.images.pixels)
    assert (payload["n"], payload["bits"], payload["channels"]) == (600, 8, 3)
    assert payload["factors"] == [
        [f"hue {k}" for k in range(6)],
        [f"shape {k}" for k in range(4)],
        [f"place {k}" for k in range(0, 50, 2)],
    ]


def test_images_of_dsprites_in_colour_keep_their_words(whole: PackedImages) -> None:
    found = reference_of(ColourImages(whole))
    assert found.grid.sizes == (3, 3, 4, 4, 4)
    assert found.payload()["factors"][0] == ["square", "ellipse", "heart"]
    rows = found.grid.rows()
    assert np.array_equal(found.images.pixels, ColourImages(whole).unpack(rows))
    assert len(found.deflated) < MAX_BYTES / 10


def test_black_and_white_images_of_other_factors_are_told_from_dsprites() -> None:
    pixels = np.zeros((4, 64, 64), np.uint8)
    payload = reference_of(StoredImages(pixels, {"a": 2, "b": 2}, "0" * 64, "x")).payload()
    assert (payload["bits"], payload["channels"], payload["n"]) == (8, 1, 4)


def test_images_that_take_too_much_room_are_refused(whole: PackedImages) -> None:
    with pytest.raises(ExplorerError, match=r"the 576 images to compare with take \d\.\d MB, and"):
        reference_of(NoisyImages(whole))


def _noise() -> np.ndarray:
    """1,200 even images in colour."""
    levels = np.random.default_rng(0).integers(0, 256, (1200, 1, 1, 3), np.uint8)
    return np.tile(levels, (1, 64, 64, 1))


@pytest.fixture(scope="module")
def few() -> ReferenceImages:
    factors = {"hue": 6, "shape": 4, "place": 50}
    return reference_of(StoredImages(_noise(), factors, "0" * 64, "noise"))


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
