"""Training sees two factors that depend on each other; what is scored does not."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.dsprites.correlated import CorrelatedImages, weights

if TYPE_CHECKING:
    from disbench.dsprites import PackedImages

N = 400_000


@pytest.fixture(scope="module")
def correlated(whole: PackedImages) -> CorrelatedImages:
    return CorrelatedImages(whole)


@pytest.fixture(scope="module")
def factors(correlated: CorrelatedImages) -> np.ndarray:
    """Of many drawn images: shape, scale, orientation, posX, posY."""
    return correlated.grid("full").factors_of(correlated.draw(11, 0, batch_size=N))


def _formula() -> np.ndarray:
    """The probabilities of scale and posX, term by term: (6, 32)."""
    terms = [[exp(-((i / 5 - j / 31) ** 2) / (2 * 0.2**2)) for j in range(32)] for i in range(6)]
    return np.array(terms) / np.sum(terms)


def test_scale_and_position_come_as_often_as_the_formula_says(factors: np.ndarray) -> None:
    counts = np.zeros((6, 32))
    np.add.at(counts, (factors[:, 1], factors[:, 3]), 1)
    expected = N * _formula()
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected.max())
    chi_squared = ((counts - expected) ** 2 / expected)[expected > 5].sum()
    assert chi_squared < 191 + 5 * np.sqrt(2 * 191)


def test_small_sprites_are_left_and_large_ones_right(factors: np.ndarray) -> None:
    """The mean place of the smallest and the largest, by the formula."""
    formula = _formula()
    for scale in (0, 5):
        expected = (formula[scale] / formula[scale].sum() * np.arange(32)).sum()
        assert factors[factors[:, 1] == scale, 3].mean() == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("factor", "size"), [(0, 3), (2, 40), (4, 32)])
def test_other_factors_are_uniform_and_independent(
    factors: np.ndarray, factor: int, size: int
) -> None:
    counts = np.bincount(factors[:, factor], minlength=size)
    assert np.abs(counts - N / size).max() < 5 * np.sqrt(N / size)
    others = np.delete(factors, factor, axis=1)
    assert np.abs(np.corrcoef(factors[:, factor], others.T)[0, 1:]).max() < 0.01


def test_batch_is_a_function_of_key_and_step(correlated: CorrelatedImages) -> None:
    first = correlated.draw(7, 3, batch_size=5)
    assert first.tolist() == [257_319, 634_222, 181_143, 651_800, 57_541]
    assert np.array_equal(first, correlated.draw(7, 3, batch_size=5))
    assert not np.array_equal(first, correlated.draw(7, 4, batch_size=5))
    assert not np.array_equal(first, correlated.draw(8, 3, batch_size=5))


def test_the_pair_is_drawn_together(correlated: CorrelatedImages, whole: PackedImages) -> None:
    assert correlated.drawn_together == ((0,), (1, 3), (2,), (4,))
    assert whole.drawn_together == ((0,), (1,), (2,), (3,), (4,))


def test_weights_are_whole_numbers_that_no_rounding_error_moves() -> None:
    exact = 2**32 * np.exp(-((np.linspace(0, 1, 6)[:, None] - np.linspace(0, 1, 32)) ** 2) / 0.08)
    assert weights(6, 32).tolist() == np.rint(exact).astype(int).tolist()
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 0.001  # errors stay below 1e-5
    assert weights(6, 32).min() > 10_000  # so that rounding changes no probability by 1e-4 of it


def test_images_and_grids_are_those_of_the_base(
    correlated: CorrelatedImages, whole: PackedImages
) -> None:
    assert (correlated.channels, correlated.largest, len(correlated)) == (1, 1, 737_280)
    assert np.array_equal(correlated.unpack([9, 4]), whole.unpack([9, 4]))
    assert correlated.grid("tiny") is whole.grid("tiny")
    assert correlated.sha256 == "30083423a5f0b6409c60ae07453484e31f7d0817fc74e7871b14749ac0fd0ad1"
