"""Which of two samples wins, how often, and how surely."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
import pytest
from scipy import stats

from disbench.statistics.superiority import mann_whitney, probability_interval

Z = 1.959963984540054


def _interval(probability: float, n: int, m: int) -> tuple[float, float]:
    low, high = probability_interval(np.array([probability]), np.array([n]), np.array([m]))
    return float(low[0]), float(high[0])


def test_probability_by_hand() -> None:
    """3 beats 2 and 0, 1 beats 0 only; an equal value is half a win."""
    pairs = [
        (np.array([3.0, 1]), np.array([2.0, 0])),
        (np.array([1.0]), np.array([1.0])),
        (np.array([1.0]), np.array([1.0, 0, 2, 0])),
    ]
    probability, _ = mann_whitney(pairs)
    assert probability.tolist() == [0.75, 0.5, 0.625]


def test_test_of_small_samples_is_exact() -> None:
    """Of the 20 ways to pick 3 of 6 ranks, 2 leave the samples apart."""
    probability, p = mann_whitney([(np.arange(3.0), np.arange(3.0, 6))])
    assert probability.tolist() == [0]
    assert p == pytest.approx([2 / 20])


def test_pairs_are_tested_as_each_would_be_alone() -> None:
    """With sizes on both sides of what is exact, each of them with ties and without."""
    rng = np.random.default_rng(0)
    sizes = [(4, 4), (8, 9), (9, 9), (9, 8), (30, 5), (4, 4), (9, 9)] * 2
    pairs = [(rng.random(n), rng.random(m)) for n, m in sizes]
    for first, second in pairs[7:]:
        first[0] = second[0]
    probability, p = mann_whitney(pairs)
    alone = [stats.mannwhitneyu(first, second) for first, second in pairs]
    assert p == pytest.approx([test.pvalue for test in alone], rel=1e-12)
    expected = [test.statistic / (n * m) for test, (n, m) in zip(alone, sizes, strict=True)]
    assert probability == pytest.approx(expected)


def test_samples_of_one_value_are_alike() -> None:
    probability, p = mann_whitney([(np.ones(5), np.ones(4))])
    assert (probability[0], p[0]) == (0.5, 1)


@pytest.mark.parametrize("value", [nan, np.inf])
def test_what_is_not_finite_is_not_compared(value: float) -> None:
    pairs = [(np.array([1.0, value]), np.zeros(2)), (np.ones(2), np.zeros(2))]
    probability, p = mann_whitney(pairs)
    assert np.isnan(probability).tolist() == np.isnan(p).tolist() == [True, False]


def test_no_pairs_have_no_tests() -> None:
    assert [len(found) for found in mann_whitney([])] == [0, 0]


def test_interval_of_two_single_values_by_hand() -> None:
    """With n = m = 1, (1 - t)^2 = z^2 t (1 - t): t = 1 / (1 + z^2), as Wilson's interval."""
    low, high = _interval(1.0, 1, 1)
    assert (low, high) == (pytest.approx(1 / (1 + Z**2)), 1)


def test_interval_at_complete_separation_has_a_length() -> None:
    """A bootstrap would put it at 1 alone."""
    low, high = _interval(1.0, 5, 5)
    assert high == 1
    assert 0.5 < low < 0.7


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.77, 1.0])
@pytest.mark.parametrize(("n", "m"), [(2, 2), (5, 3), (50, 10)])
def test_interval_is_where_a_score_test_rejects_nothing(probability: float, n: int, m: int) -> None:
    """By search of a grid, with the variance in the notation of Hanley & McNeil."""
    t = np.linspace(0, 1, 200_001)
    q1, q2, pairs = t / (2 - t), 2 * t**2 / (1 + t), (n + m) / 2 - 1
    variance = (t * (1 - t) + pairs * (q1 - t**2) + pairs * (q2 - t**2)) / (n * m)
    kept = t[(t - probability) ** 2 <= Z**2 * variance]
    assert _interval(probability, n, m) == pytest.approx((kept[0], kept[-1]), abs=1e-5)


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.5])
def test_interval_of_the_other_sample_is_its_mirror_image(probability: float) -> None:
    low, high = _interval(probability, 6, 9)
    assert _interval(1 - probability, 9, 6) == pytest.approx((1 - high, 1 - low))


def test_what_is_not_known_has_no_interval() -> None:
    assert np.isnan(_interval(nan, 5, 5)).all()


@pytest.mark.parametrize("probability", [0.5, 0.75, 0.95])
@pytest.mark.parametrize(("n", "m"), [(3, 3), (5, 5), (10, 10), (5, 50), (50, 50)])
def test_interval_covers_the_probability_as_often_as_it_says(
    probability: float, n: int, m: int
) -> None:
    """Of normal scores a distance sqrt(2) * Phi^-1(probability) apart."""
    rng = np.random.default_rng(n)
    first = rng.normal(sqrt(2) * stats.norm.ppf(probability), 1, (1000, n, 1))
    wins = (first > rng.normal(size=(1000, 1, m))).mean(axis=(1, 2))
    low, high = probability_interval(wins, np.full(1000, n), np.full(1000, m))
    assert 0.90 <= np.mean((low <= probability) & (probability <= high)) <= 0.99
