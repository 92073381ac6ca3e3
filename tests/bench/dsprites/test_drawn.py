"""Colour and noise belong to the image: the same bytes in any order, on any machine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.datasets.hashing import seed_of
from disbench.dsprites.drawn import ColourImages, NoisyImages
from disbench.errors import DataError

if TYPE_CHECKING:
    from disbench.datasets.images import ImageSet
    from disbench.dsprites import PackedImages

ROWS = [0, 1, 368_640, 737_279]
MASK = 2**64 - 1


def _mixed(seed: int, counter: int) -> int:
    """SplitMix64 once more, in Python's own integers."""
    z = (seed + (counter + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


@pytest.fixture
def colour(whole: PackedImages) -> ColourImages:
    return ColourImages(whole)


@pytest.fixture
def noisy(whole: PackedImages) -> NoisyImages:
    return NoisyImages(whole)


def test_bytes_are_those_that_the_identities_stand_for(
    colour: ColourImages, noisy: NoisyImages
) -> None:
    """Other bytes are other data: whoever changes these raises the version in the definition."""
    digests = {
        images.sha256: hashlib.sha256(images.unpack(ROWS).tobytes()).hexdigest()
        for images in (colour, noisy)
    }
    assert digests == {
        "cfc16944be5c8aa30ca559bc1db86fdd41dd7d9ca69eb927d989ebfa03aaf365": (
            "21648e6a286a7099ea2eaf5fe63488ad2ce3e35688de0d4fec4ae4a76631fec5"
        ),
        "b1cb5b2581c7b50960f51c4f13a1a1d06dea01adfb0e7c070dd85100637a01d2": (
            "44daea12d8dbacb5d8e62ac19a842d1939da06a7948d161eff97c57ef8442e4c"
        ),
    }


def test_sprite_has_one_colour_on_black(colour: ColourImages, whole: PackedImages) -> None:
    lit, colours = whole.unpack(ROWS).astype(bool), colour.colours(ROWS)
    for image, sprite, own in zip(colour.unpack(ROWS), lit, colours, strict=True):
        assert (image[sprite] == own).all()
        assert (image[~sprite] == 0).all()


def test_colour_of_a_row_is_worked_out_from_its_number(colour: ColourImages) -> None:
    seed = seed_of("colour 1")
    by_hand = [128 + (_mixed(seed, 3 * 5 + c) >> 57) for c in range(3)]
    assert colour.colours([5]).tolist() == [by_hand]


def test_colours_are_uniform_over_the_upper_half(colour: ColourImages) -> None:
    colours = colour.colours(np.arange(64_000))
    counts = np.bincount(colours.ravel(), minlength=256)
    assert counts[:128].sum() == 0
    # 1,500 each, so that five standard deviations are 194.
    assert np.abs(counts[128:] - 1500).max() < 194
    assert np.abs(np.corrcoef(colours.T) - np.eye(3)).max() < 0.02


def test_sprite_is_white_before_noise(noisy: NoisyImages, whole: PackedImages) -> None:
    lit, images, noise = whole.unpack(ROWS).astype(bool), noisy.unpack(ROWS), noisy.noise(ROWS)
    assert (images[lit] == 255).all()
    assert np.array_equal(images[~lit], noise[~lit])


def test_noise_of_a_row_is_worked_out_from_its_number(noisy: NoisyImages) -> None:
    seed, n_numbers = seed_of("noisy 1"), 64 * 64 * 3 // 8
    numbers = [_mixed(seed, 9 * n_numbers + i) for i in range(n_numbers)]
    by_hand = b"".join(number.to_bytes(8, "little") for number in numbers)
    assert noisy.noise([9]).tobytes() == by_hand


def test_noise_is_uniform_and_of_each_image_its_own(noisy: NoisyImages) -> None:
    noise = noisy.noise(np.arange(100))
    counts = np.bincount(noise.ravel(), minlength=256)
    assert np.abs(counts - 4800).max() < 5 * 4800**0.5
    flat = noise.reshape(100, -1).astype(float)
    assert np.abs(np.corrcoef(flat) - np.eye(100)).max() < 0.05


@pytest.mark.parametrize("kind", [ColourImages, NoisyImages])
def test_image_is_the_same_however_it_is_asked_for(
    kind: type[ColourImages | NoisyImages], whole: PackedImages
) -> None:
    images: ImageSet = kind(whole)
    together = images.unpack([3, 700_000, 3])
    assert np.array_equal(together[0], together[2])
    assert np.array_equal(together[1:2], kind(whole).unpack([700_000]))
    assert (together.shape, together.dtype) == ((3, 64, 64, 3), np.dtype(np.uint8))
    assert images.unpack([]).shape == (0, 64, 64, 3)


@pytest.mark.parametrize("kind", [ColourImages, NoisyImages])
def test_everything_but_the_images_is_as_in_dsprites(
    kind: type[ColourImages | NoisyImages], whole: PackedImages
) -> None:
    images: ImageSet = kind(whole)
    assert (images.channels, images.largest, len(images)) == (3, 255, 737_280)
    assert images.factor_names == ("shape", "scale", "orientation", "posX", "posY")
    assert images.factor_sizes == (3, 6, 40, 32, 32)
    assert images.drawn_together == ((0,), (1,), (2,), (3,), (4,))
    assert images.grid("tiny") is whole.grid("tiny")
    assert images.n_bytes == whole.packed.nbytes
    drawn = images.draw(5, 2, batch_size=8)
    assert np.array_equal(drawn, whole.draw(5, 2, batch_size=8))
    with pytest.raises(DataError, match="row 737280 at position 1 is not one of 0 to 737279"):
        images.unpack([0, 737_280])
