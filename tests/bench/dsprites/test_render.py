"""The renderer draws dSprites."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disbench.dsprites import FULL, PackedImages, images
from disbench.dsprites.render import RENDERED_SHA256, fill, render_packed
from disbench.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Factor indices and SHA-256 of the 4,096 bytes of 332 images of the official dataset: the 320
# frames of its animation, and 12 more.
OFFICIAL_IMAGES = Path(__file__).with_name("official_images.csv")


def centroid(factors: list[int]) -> tuple[float, float]:
    """Average x and y of the lit pixels, y pointing down."""
    _, y, x = np.nonzero(images([factors]))
    return float(x.mean()), float(y.mean())


def test_whole_set_has_the_known_hash(whole: PackedImages) -> None:
    assert RENDERED_SHA256 == "3a228f4037ef3d42a42588e0e01f1078aa2df13cfa17584e88c95ed9fb5672da"
    assert hashlib.sha256(whole.packed.data).hexdigest() == RENDERED_SHA256


def test_render_packed_draws_the_whole_set(whole: PackedImages) -> None:
    packed = render_packed()
    assert packed.shape == (737_280, 512)
    assert np.array_equal(packed, whole.packed)


def test_whole_set_lights_the_known_number_of_pixels(whole: PackedImages) -> None:
    sprites = whole.packed.reshape(720, -1)
    lit = sum(int(np.unpackbits(sprite).sum(dtype=np.int64)) for sprite in sprites)
    assert lit == 128_328_864  # 2 more than published for the official file


def test_332_official_images_are_drawn_to_the_bit() -> None:
    with OFFICIAL_IMAGES.open() as file:
        table = list(csv.DictReader(file))
    expected = [row.pop("sha256") for row in table]
    drawn = images([[int(index) for index in row.values()] for row in table])
    assert [hashlib.sha256(image.data).hexdigest() for image in drawn] == expected
    assert len(expected) == 332


def test_images_are_those_of_the_whole_set(whole: PackedImages) -> None:
    rows = np.random.default_rng(0).integers(FULL.n, size=500)
    np.testing.assert_array_equal(images(FULL.factors_of(rows)), whole.unpack(rows))


def test_images_come_in_the_order_asked_for_with_repeats() -> None:
    one, other = [2, 3, 17, 4, 30], [0, 0, 0, 8, 8]
    drawn = images([one, other, one])
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn[0], drawn[2])
    assert not np.array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[1:2], images([other]))


def test_no_images_are_fine() -> None:
    assert images(np.empty((0, 5), np.int64)).shape == (0, 64, 64)


def test_unsigned_factor_indices_are_integers_too() -> None:
    factors = np.array([[2, 5, 39, 31, 31]])
    np.testing.assert_array_equal(images(factors.astype(np.uint8)), images(factors))


def test_images_out_of_range_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="orientation 40 in row 2 is out of range"):
        images([[0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 40, 0, 0]])


def test_first_and_last_orientation_are_the_same(whole: PackedImages) -> None:
    by_orientation = whole.packed.reshape(18, 40, -1)
    assert np.array_equal(by_orientation[:, 0], by_orientation[:, 39])
    assert not np.array_equal(by_orientation[:, 0], by_orientation[:, 38])


def test_larger_scale_lights_more_pixels(whole: PackedImages) -> None:
    corner = whole.packed.reshape(3, 6, 40, 32, 32, 512)[:, :, :, 0, 0]
    lit = np.unpackbits(corner, axis=-1).sum(axis=-1, dtype=np.int64)
    assert (np.diff(lit, axis=1) > 0).all()


@pytest.mark.parametrize("shape", range(3))
def test_pos_x_moves_right_and_pos_y_down_by_32_pixels_in_all(shape: int) -> None:
    start, right, down = images(
        [[shape, 4, 11, 0, 0], [shape, 4, 11, 31, 0], [shape, 4, 11, 0, 31]]
    )
    np.testing.assert_array_equal(right, np.roll(start, 32, axis=1))
    np.testing.assert_array_equal(down, np.roll(start, 32, axis=0))


@pytest.mark.parametrize("shape", range(3))
def test_each_position_is_32_31sts_of_a_pixel_further(shape: int) -> None:
    x, y = zip(*(centroid([shape, 5, 3, step, step]) for step in range(32)), strict=True)
    line = 32 / 31 * np.arange(32)
    assert np.ptp(x - line) < 0.5
    assert np.ptp(y - line) < 0.5


@pytest.mark.parametrize("orientation", range(0, 40, 3))
def test_orientation_turns_counter_clockwise_on_screen(orientation: int) -> None:
    _, y, x = np.nonzero(images([[1, 5, orientation, 10, 20]]))
    covariance = np.cov(x, -y)  # upwards
    long_axis = np.arctan2(2 * covariance[0, 1], covariance[0, 0] - covariance[1, 1]) / 2
    turn = long_axis - 2 * np.pi * orientation / 39
    assert np.sin(turn) == pytest.approx(0, abs=0.03)  # the ellipse is the same half a turn on


def test_heart_stands_on_its_tip_and_turns_it_to_the_right() -> None:
    upright, quarter = images([[2, 5, 0, 16, 16], [2, 5, 10, 16, 16]])
    heights, widths = upright.sum(axis=1).nonzero()[0], quarter.sum(axis=0).nonzero()[0]
    assert upright[heights[-1]].sum() < 5 < upright[heights[3]].sum()
    assert quarter[:, widths[-1]].sum() < 5 < quarter[:, widths[3]].sum()


def test_centre_on_an_edge_is_inside_on_the_left_and_below_only() -> None:
    low, high = 10 * 256 + 128, 14 * 256 + 128  # the centres of pixels 10 and 14
    square = np.array([[low, high, high, low]]), np.array([[low, low, high, high]])
    y, x = np.nonzero(unpacked(fill(*square)))
    assert set(x) == {10, 11, 12, 13}
    assert set(y) == {11, 12, 13, 14}


def test_polygon_between_the_lines_lights_nothing() -> None:
    sliver = np.array([[0, 9000, 500]]), np.array([[130, 200, 260]])
    assert not unpacked(fill(*sliver)).any()


vertices = st.lists(
    st.tuples(st.integers(0, 64 * 256), st.integers(0, 64 * 256)), min_size=3, max_size=8
)


@settings(max_examples=200)
@given(vertices)
def test_fill_agrees_with_counting_edges_to_the_left_of_every_centre(
    polygon: list[tuple[int, int]],
) -> None:
    x, y = np.array(polygon).T
    np.testing.assert_array_equal(unpacked(fill(x[None], y[None])), counted(polygon))


def unpacked(masks: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.unpackbits(masks.view(np.uint8)).reshape(64, 64)


def counted(polygon: list[tuple[int, int]]) -> NDArray[np.uint8]:
    """Apply the even-odd rule pixel by pixel, in integers."""
    centres = 256 * np.arange(64) + 128
    y, x = np.meshgrid(centres, centres, indexing="ij")
    inside = np.zeros((64, 64), np.uint8)
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        crosses = (y0 < y) != (y1 < y)
        beyond = (x - x0) * (y1 - y0) - (x1 - x0) * (y - y0)
        inside ^= (crosses & (beyond * np.sign(y1 - y0) >= 0)).astype(np.uint8)
    return inside
