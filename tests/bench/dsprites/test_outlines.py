"""The vertices of the sprites."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from disbench.dsprites.outlines import OUTLINES, placed, snapped, turned

ALL_POSITIONS = np.arange(32)
SPRITES = list(product(range(3), range(6), range(40)))


def test_outlines_have_the_fitted_numbers_of_vertices() -> None:
    assert [outline.shape for outline in OUTLINES] == [(2, 4), (2, 100), (2, 150)]


def test_no_vertex_lies_so_near_halfway_that_another_machine_could_snap_it_elsewhere() -> None:
    nearest = min(
        np.abs(placed(offsets, ALL_POSITIONS) % 1 - 0.5).min()
        for sprite in SPRITES
        for offsets in turned(*sprite)
    )
    assert nearest > 1e-8


def test_all_vertices_lie_in_the_frame() -> None:
    for sprite in SPRITES:
        vertices = [snapped(offsets, ALL_POSITIONS) for offsets in turned(*sprite)]
        assert np.min(vertices) > 0
        assert np.max(vertices) < 64 * 256


def test_scale_is_a_ratio_of_lengths() -> None:
    np.testing.assert_allclose(turned(2, 0, 7), 0.5 * turned(2, 5, 7), rtol=1e-15)


def test_a_quarter_turn_takes_the_right_to_the_top_of_the_screen() -> None:
    # The first vertex of the ellipse is its rightmost. Orientation 13 is a third of a turn.
    x, y = turned(1, 5, 13)[:, 0]
    length = 9.6 * 1.33
    assert x == pytest.approx(length * np.cos(2 * np.pi / 3))
    assert y == pytest.approx(-length * np.sin(2 * np.pi / 3))


def test_positions_span_half_the_frame() -> None:
    first, last = snapped(np.zeros(1), np.array([0, 31]))
    assert (first.item(), last.item()) == (16 * 256, 48 * 256)
