"""Codes keep their extremes, and lose at most half of a level in between."""

from __future__ import annotations

from base64 import b64decode

import numpy as np

from disbench.explorer.quantised import quantise


def test_levels_lie_between_the_extremes_of_each_dimension() -> None:
    codes = quantise(np.array([[0, 10], [1, -10], [0.2, 9.95]], np.float32))
    assert codes.levels.tolist() == [[0, 255], [255, 0], [51, 254]]
    assert codes.low.tolist() == [0, -10]
    assert codes.high.tolist() == [1, 10]
    np.testing.assert_allclose(codes.values(), [[0, 10], [1, -10], [0.2, -10 + 254 * 20 / 255]])


def test_a_level_is_the_nearest() -> None:
    exact = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32)
    codes = quantise(exact)
    half_a_level = (codes.high - codes.low) / 510
    assert (np.abs(codes.values() - exact) <= half_a_level * (1 + 1e-9)).all()


def test_a_dimension_that_never_changes_keeps_its_value() -> None:
    codes = quantise(np.full((4, 1), -1.25, np.float32))
    assert codes.levels.tolist() == [[0]] * 4
    assert codes.values().tolist() == [[-1.25]] * 4


def test_payload_lists_the_levels_image_by_image() -> None:
    payload = quantise(np.array([[0, 3], [1, 2]], np.float32)).payload()
    assert list(b64decode(payload["levels"])) == [0, 255, 255, 0]
    assert payload["low"] == [0, 2]
    assert payload["high"] == [1, 3]
