"""The exponents of growth by value."""

from __future__ import annotations

import numpy as np
import pytest
from growth_records import Curve, Point, exponent


@pytest.mark.parametrize("power", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_a_power_has_its_own_exponent_whatever_it_is_multiplied_with(power: float) -> None:
    sizes = [10, 30, 100, 300]
    assert exponent(sizes, [7 * size**power for size in sizes]) == pytest.approx(power, abs=1e-12)


def test_noise_is_fitted_by_least_squares_of_logarithms() -> None:
    """Of the logarithms 0, 1, 2, 3 the costs' are 0, 2, 1, 3: the slope is 4 / 5."""
    sizes, costs = (np.exp(logs).tolist() for logs in ([0, 1, 2, 3], [0, 2, 1, 3]))
    assert exponent(sizes, costs) == pytest.approx(0.8)


def test_a_fixed_part_lies_between_0_and_1() -> None:
    found = exponent([1, 10, 100, 1000], [100 + size for size in (1, 10, 100, 1000)])
    assert found is not None
    assert 0 < found < 1


def test_what_costs_nothing_has_no_exponent() -> None:
    assert exponent([1, 2, 3, 4], [0, 1, 2, 3]) is None


def test_time_and_memory_have_exponents_of_their_own() -> None:
    points = tuple(Point(size=n, seconds=n**2, peak_bytes=5 * n) for n in (1, 2, 4, 8))
    curve = Curve(name="squares", axis="runs", points=points)
    assert curve.exponent_of_seconds == pytest.approx(2)
    assert curve.exponent_of_memory == pytest.approx(1)
