"""Differences from published numbers have intervals that cover what they claim to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from disbench.statistics.differences import (
    best_half,
    difference_of_best_halves,
    difference_of_means,
)


@pytest.mark.parametrize(
    ("values", "expected"), [([3.0, 1.0, 2.0, 4.0], 3.5), ([1.0, 5.0, 3.0], 4.0), ([2.0], 2.0)]
)
def test_best_half_is_the_mean_of_the_highest(values: list[float], expected: float) -> None:
    assert best_half(np.array(values)) == expected
    assert best_half(np.array([values, values]).T, axis=0).tolist() == [expected] * 2


def test_interval_of_two_samples_is_that_of_welch() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(1, 2, size=7), rng.normal(0, 0.5, size=3)
    expected = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    assert difference_of_means(ours, theirs, n_models=1) == pytest.approx(tuple(expected))


def test_single_published_model_has_our_spread() -> None:
    """Student's prediction interval of one more draw, by hand for a deviation of 1 and n = 3."""
    ours = np.array([-1.0, 0.0, 1.0])
    reach = stats.t.ppf(0.975, 2) * (1 / 3 + 1) ** 0.5
    found = difference_of_means(ours, np.array([2.0]), n_models=1)
    assert found == pytest.approx((-2 - reach, -2 + reach))
    of_many = difference_of_means(ours, np.array([2.0]), n_models=30)
    assert of_many.high - of_many.low < found.high - found.low


def test_interval_covers_95_per_cent() -> None:
    """Of published means of one model that was drawn as ours were."""
    rng = np.random.default_rng(1)
    ours, theirs = rng.normal(size=(2000, 5)), rng.normal(size=(2000, 1))
    found = [difference_of_means(a, b, n_models=1) for a, b in zip(ours, theirs, strict=True)]
    covered = np.mean([low <= 0 <= high for low, high in found])
    assert 0.935 < covered < 0.965


def test_interval_of_best_halves_is_around_the_difference_and_the_same_each_time() -> None:
    ours = np.random.default_rng(2).uniform(size=30)
    found = difference_of_best_halves(ours, 0.5)
    assert (found.low + found.high) / 2 == pytest.approx(best_half(ours) - 0.5)
    assert found == difference_of_best_halves(ours, 0.5)
    again = difference_of_best_halves(ours, 0.0)
    assert again == pytest.approx((found.low + 0.5, found.high + 0.5))


@pytest.mark.parametrize("draw", ["normal", "uniform"])
def test_interval_of_best_halves_covers_about_95_per_cent(draw: str) -> None:
    """Of the better half of 30 scores that were drawn as ours were."""
    rng = np.random.default_rng(3)
    ours, theirs = getattr(rng, draw)(size=(2, 400, 30))
    pairs = zip(ours, best_half(theirs), strict=True)
    found = [difference_of_best_halves(mine, float(other)) for mine, other in pairs]
    covered = np.mean([low <= 0 <= high for low, high in found])
    assert 0.92 < covered < 0.98


def test_equal_scores_leave_no_doubt() -> None:
    ones = np.ones(30)
    assert difference_of_best_halves(ones, 1.0) == (0, 0)
    assert difference_of_means(ones, np.ones(1), n_models=1) == (0, 0)
    assert difference_of_means(ones, np.ones(3), n_models=1) == (0, 0)


def test_one_seed_has_no_interval() -> None:
    one = np.array([0.5])
    assert np.isnan(difference_of_means(one, one, n_models=1)).all()
    assert np.isnan(difference_of_best_halves(one, 0.5)).all()
