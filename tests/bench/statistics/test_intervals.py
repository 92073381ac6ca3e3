"""Intervals cover as often as they say, as far as so few seeds can."""

from __future__ import annotations

from math import isnan
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disbench.statistics.intervals import _level, mean_interval, most_coverage, pooled_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]]

DRAWS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.random(shape) - 0.5,
    "beta": lambda rng, shape: rng.beta(2, 2, shape) - 0.5,
}
"""Distributions of mean 0: scores within a range do not look normal."""

VALUES = np.array([0.6, 0.0, 1.1, 0.1, 0.2, 0.3])


def _coverage(n: int, draw: Draw, *, n_studies: int = 1000) -> float:
    rng = np.random.default_rng(n)
    covered = []
    for _ in range(n_studies // 100):  # a hundred at a time, to bound memory
        low, high = mean_interval(draw(rng, (100, n)))
        covered.append((low <= 0) & (high >= 0))
    return float(np.mean(covered))


@pytest.mark.parametrize("distribution", DRAWS)
@pytest.mark.parametrize("n", [5, 10, 30])
def test_interval_covers_the_mean_as_often_as_it_says(n: int, distribution: str) -> None:
    """The plain percentile interval fails at n = 5, where it covers 82 %."""
    assert 0.90 <= _coverage(n, DRAWS[distribution]) <= 0.98


@pytest.mark.parametrize(("n", "most"), [(1, 0), (2, 0.5), (3, 0.75), (5, 0.9375)])
def test_most_coverage_by_hand(n: int, most: float) -> None:
    """With 3 draws, all lie on one side of the centre in 2 of 8 cases."""
    assert most_coverage(n) == most


@pytest.mark.parametrize("n", [2, 3])
def test_few_seeds_cover_as_much_as_they_can(n: int) -> None:
    assert _coverage(n, DRAWS["normal"]) == pytest.approx(most_coverage(n), abs=0.05)


def test_two_seeds_span_their_own_range() -> None:
    low, high = mean_interval(np.array([0.25, 0.75]))
    assert (low, high) == (0.25, 0.75)


def test_quantiles_lie_where_students_t_asks_for_them() -> None:
    """An independent draw of means, read at Phi(-sqrt(6/5) * 2.570582), for t with 5 degrees."""
    resampled = np.random.default_rng(5).choice(VALUES, (200_000, 6)).mean(axis=1)
    expected = np.quantile(resampled, [0.002435, 1 - 0.002435])
    assert mean_interval(VALUES) == pytest.approx(expected, abs=0.02)


def test_interval_is_the_same_each_time_and_alone_or_among_others() -> None:
    low, high = mean_interval(np.stack([VALUES, VALUES[::-1] + 1]))
    again = mean_interval(VALUES)
    assert (low[0], high[0]) == again == mean_interval(VALUES)


@settings(max_examples=30)
@given(
    shift=st.floats(-10, 10),
    scale=st.floats(0.01, 100),
    seed=st.integers(0, 9),
    n=st.integers(2, 8),
)
def test_interval_moves_and_stretches_with_its_values(
    shift: float, scale: float, seed: int, n: int
) -> None:
    values = np.random.default_rng(seed).random(n)
    expected = np.array(mean_interval(values)) * scale + shift
    found = np.array(mean_interval(values * scale + shift))
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("values", [[0.5], [0.5, np.nan, 0.2], [0.5, np.inf, -np.inf]])
def test_what_has_no_spread_has_no_interval(values: list[float]) -> None:
    low, high = mean_interval(np.array(values))
    assert isnan(low)
    assert isnan(high)


def test_missing_value_takes_its_own_interval_only() -> None:
    values = np.stack([VALUES, np.where(VALUES == 0, np.nan, VALUES)])
    low, high = mean_interval(values)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True]
    assert (low[0], high[0]) == mean_interval(VALUES)


def test_strata_that_differ_do_not_widen_the_interval() -> None:
    """Resampled together, the two would have an interval longer than 4."""
    low, high = pooled_interval([VALUES, VALUES + 10])
    narrow, wide = pooled_interval([VALUES, VALUES])
    assert high - low == pytest.approx(wide - narrow)
    assert low < VALUES.mean() + 5 < high
    assert high - low < 1


def test_strata_count_by_their_runs() -> None:
    """Two values of 0 and six of 1 have a mean of 3/4, however they are resampled."""
    assert pooled_interval([np.zeros(2), np.ones(6)]) == (0.75, 0.75)


def test_stratum_of_a_single_value_leaves_no_interval() -> None:
    assert np.isnan(pooled_interval([VALUES, np.array([0.5])])).all()


def test_pooled_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    strata = [rng.normal(mean, 0.5 + mean, (400, 5)) for mean in (0, 1, 2)]
    low, high = pooled_interval(strata)
    assert 0.90 <= np.mean((low <= 1) & (high >= 1)) <= 0.98


def test_strata_leave_a_degree_of_freedom_less_each() -> None:
    """For 6 and 8 values sqrt(6 / 5) * 2.178813, with Student's t of 12 degrees; for 6 alone, 5."""
    expected = 1 - 2 * NormalDist().cdf(-np.sqrt(6 / 5) * 2.178813)
    assert _level([6, 8]) == pytest.approx(expected, abs=1e-7)
    expected = 1 - 2 * NormalDist().cdf(-np.sqrt(6 / 5) * 2.570582)
    assert _level([6]) == pytest.approx(expected, abs=1e-7)


def test_one_stratum_is_a_sample() -> None:
    assert pooled_interval([VALUES]) == mean_interval(VALUES)
