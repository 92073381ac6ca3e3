"""A worker opens images once, and again when their file has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.cell_images import images_of
from disbench.errors import DataError
from disbench.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.study import Study

PIXELS = np.random.default_rng(0).integers(256, size=(6, 64, 64), dtype=np.uint8)


@pytest.fixture
def planned(make_study: Callable[..., Study], tmp_path: Path) -> Callable[..., Cell]:
    """The first cell of a study of these pixels, which are written to one file."""

    def plan(pixels: np.ndarray) -> Cell:
        path = tmp_path / "set.npz"
        np.savez(path, images=pixels, factor_sizes=[2, 3])
        study = make_study(data=str(path), baselines=["factors"], objectives=[])
        return make_plan(study, tmp_path / "out", device="cpu").cells[0]

    return plan


def test_images_are_opened_once(planned: Callable[..., Cell]) -> None:
    cell = planned(PIXELS)
    assert images_of(cell) is images_of(cell)
    assert np.array_equal(images_of(cell).unpack(range(6)), PIXELS)


def test_images_of_a_changed_file_are_opened_anew_or_refused(planned: Callable[..., Cell]) -> None:
    before = planned(PIXELS)
    images_of(before)
    after = planned(PIXELS[::-1])
    assert np.array_equal(images_of(after).unpack([0]), PIXELS[-1:])
    with pytest.raises(DataError, match="holds other images than when the study was planned"):
        images_of(before)
