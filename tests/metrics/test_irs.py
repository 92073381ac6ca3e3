"""Interventional robustness follows from distances that can be counted."""

from collections.abc import Callable

import numpy as np
import pytest

from disbench.metrics.irs import irs
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

PROTOCOL = PROTOCOLS["irs/suter2019"]


def _irs(codes: np.ndarray, factors: np.ndarray, quantile: float = 1.0) -> float:
    table = CodeTable(codes, factors, tuple("abcde"[: factors.shape[1]]))
    return irs(table, rng=np.random.default_rng(0), quantile=quantile).value


@pytest.mark.parametrize("codes", ["factors", "factors and constants", "each factor twice"])
def test_what_holds_still_with_its_factor_is_robust(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator, codes: str
) -> None:
    assert PROTOCOL.score(coarse(codes), rng=rng).value == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_constant_codes_score_zero(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator, value: float
) -> None:
    table = coarse("zeros")
    constant = CodeTable(table.codes + np.float64(value), table.factors, table.factor_names)
    assert PROTOCOL.score(constant, rng=rng).value == 0


def test_the_sum_of_two_coins_moves_half_as_far_with_one_held() -> None:
    """Overall at most 1 from the mean of 1; with one coin held, 1/2 from the mean of its group."""
    factors = np.indices((2, 2)).reshape(2, -1).T
    assert _irs(factors.sum(axis=1, keepdims=True) * 1.0, factors) == pytest.approx(1 / 2)


def test_dimensions_are_weighted_by_their_greatest_deviation() -> None:
    """A robust dimension of deviation 3/2, and the sum of coins with 1: (3/2 + 1/2) / (5/2)."""
    factors = np.indices((2, 2)).reshape(2, -1).T
    codes = np.stack([3.0 * factors[:, 0], factors.sum(axis=1)], axis=1)
    assert _irs(codes, factors) == pytest.approx(4 / 5)


def test_the_quantile_forgives_the_rarest_deviations() -> None:
    factors = np.arange(2_000)[:, None] % 2
    codes = factors * 10.0
    codes[0] = 9.0  # one row of a thousand strays
    assert _irs(codes, factors, quantile=0.99) > _irs(codes, factors, quantile=1.0) + 0.3


def test_the_definition_read_out_loud_agrees(rng: np.random.Generator) -> None:
    factors = rng.integers(4, size=(300, 2))
    codes = rng.normal(size=(300, 3)) + factors[:, [0, 1, 1]]
    robust, greatest = [], []
    for code in codes.T:
        greatest.append(np.abs(code - code.mean()).max())
        by_factor = []
        for factor in factors.T:
            groups = [code[factor == value] for value in np.unique(factor)]
            held = [np.quantile(np.abs(group - group.mean()), 0.99) for group in groups]
            by_factor.append(1 - np.mean(held) / greatest[-1])
        robust.append(max(by_factor))
    expected = np.average(robust, weights=greatest)
    assert _irs(codes, factors, quantile=0.99) == pytest.approx(expected)
