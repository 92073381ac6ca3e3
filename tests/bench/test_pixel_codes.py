"""Pixels that look like an array of codes, and hold none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from disbench import pixel_codes
from disbench.dsprites import FULL, GRIDS
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable
from disbench.pixel_codes import PixelCodes

if TYPE_CHECKING:
    from disbench.dsprites import PackedImages
    from disbench.metrics.protocol import Protocol, Score

TINY = GRIDS["tiny"]
FEWER = {"n_scale": 300, "n_train": 120, "n_test": 60, "n_pairs": 8, "n_rows": 8}
"""Arguments by which a protocol takes a second and not minutes."""
BY_ROWS = [name for name, protocol in PROTOCOLS.items() if protocol.by_rows]


@pytest.fixture
def codes(whole: PackedImages) -> PixelCodes:
    return PixelCodes(whole, TINY.rows())


def test_rows_are_the_images(codes: PixelCodes, whole: PackedImages) -> None:
    index = np.array([7, 0, 1439, 7])
    found = codes[index]
    assert found.dtype == codes.dtype == np.float32
    expected = whole.unpack(TINY.rows()[index]).reshape(4, 4096)
    assert np.array_equal(found, expected)
    assert {*np.unique(found)} == {0.0, 1.0}


def test_shape_is_that_of_all_rows(codes: PixelCodes) -> None:
    assert codes.shape == (1440, 4096)
    assert len(codes) == 1440


def test_the_whole_set_is_not_unpacked(
    whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    unpack = pixel_codes.as_tensor
    monkeypatch.setattr(
        pixel_codes,
        "as_tensor",
        lambda i, rows, **k: asked.append(len(rows)) or unpack(i, rows, **k),
    )
    codes = PixelCodes(whole, FULL.rows())
    assert codes.shape == (737_280, 4096)
    assert codes[np.array([737_279])].shape == (1, 4096)
    assert sum(asked) == 2


def test_variance_is_that_of_the_array(codes: PixelCodes) -> None:
    """In several blocks, of which the last is not full."""
    assert len(codes) % pixel_codes.ROWS_AT_ONCE
    array = codes[np.arange(len(codes))]
    found = codes.var(axis=0, dtype=np.float64)
    assert found == pytest.approx(array.var(axis=0, dtype=np.float64), abs=1e-12)
    assert (found > 0).any()


def test_variance_of_a_row_is_refused(codes: PixelCodes) -> None:
    with pytest.raises(ValueError, match="axis is 1"):
        codes.var(axis=1, dtype=np.float64)


def test_rows_of_another_grid_are_other_images(codes: PixelCodes) -> None:
    last = replace(codes, rows=codes.rows[-1:])
    assert np.array_equal(last[np.array([0])], codes[np.array([1439])])


def _quick(protocol: Protocol) -> Protocol:
    known = {name: n for name, n in FEWER.items() if name in protocol.arguments}
    return replace(protocol, arguments={**protocol.arguments, **known})


@pytest.mark.parametrize("name", BY_ROWS)
def test_protocols_that_may_be_asked_say_what_they_say_of_the_array(
    name: str, codes: PixelCodes
) -> None:
    """In every bit, the details as well: they ask nothing that only an array has."""

    def asked(of: Any) -> Score:
        table = CodeTable(of, TINY.labels(), TINY.factor_names)
        return _quick(PROTOCOLS[name]).score(table, rng=np.random.default_rng(3))

    found, expected = asked(codes), asked(codes[np.arange(len(codes))])
    assert found.value == expected.value
    assert 0 < found.value < 1
    assert found.detail.keys() == expected.detail.keys()
    assert all(np.array_equal(found.detail[key], expected.detail[key]) for key in found.detail)


def test_protocols_that_may_be_asked_are_these() -> None:
    assert BY_ROWS == ["beta_vae/locatello2019", "beta_vae/higgins2017", "factor_vae/locatello2019"]
