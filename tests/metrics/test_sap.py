"""SAP of perfect codes is far from 1 with classifiers, and exactly 1 with correlations."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from disbench.metrics.line_svm import LineSupport
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.sap import sap_accuracy
from disbench.metrics.table import CodeTable

ACCURACY = PROTOCOLS["sap/locatello2019"]
CORRELATION = PROTOCOLS["sap/kumar2018"]
# A one-dimensional machine singles out 2 or 3 of the 6 scales: 1/6 of one factor in five.
NOISE = 0.035


@pytest.mark.parametrize(
    ("codes", "expected"),
    [("factors", 0.245), ("factors and dead", 0.243), ("shape missing", 0.112), ("noise", 0.002)],
)
def test_canonical_codes(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator, codes: str, expected: float
) -> None:
    assert ACCURACY.score(canonical(codes), rng=rng).value == pytest.approx(expected, abs=NOISE)


@pytest.mark.parametrize("protocol", [ACCURACY, CORRELATION])
def test_a_duplicate_leaves_no_gap(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator, protocol: object
) -> None:
    value = protocol.score(coarse("each factor twice"), rng=rng).value  # type: ignore[attr-defined]
    assert value == pytest.approx(0, abs=1e-9)


def test_binary_factors_in_own_dimensions_leave_chance_as_the_rival(
    rng: np.random.Generator,
) -> None:
    """The right dimension names every value, another one half of them."""
    factors = np.tile(np.indices((2, 2, 2)).reshape(3, -1).T, (500, 1))
    score = sap_accuracy(
        CodeTable(factors * 1.0, factors, ("a", "b", "c")),
        rng=rng,
        n_train=2_000,
        n_test=2_000,
        classifier=LineSupport(inverse_penalty=0.01),
    )
    np.testing.assert_array_equal(np.diag(score.detail["accuracy"]), 1)
    assert score.value == pytest.approx(1 / 2, abs=0.05)


def test_factors_as_codes_have_squared_correlation_one(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = CORRELATION.score(coarse("factors and constants"), rng=rng)
    assert score.value == pytest.approx(1)
    np.testing.assert_allclose(score.detail["squared_correlation"][:5], np.eye(5), atol=1e-6)
    np.testing.assert_array_equal(score.detail["squared_correlation"][5:], 0)


@pytest.mark.parametrize("scale", [0.1, 0.3, 1.0])
def test_rounding_does_not_lift_a_squared_correlation_above_one(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator, scale: float
) -> None:
    table = coarse("factors")
    score = CORRELATION.score(replace(table, codes=table.factors * scale), rng=rng)
    assert score.detail["squared_correlation"].max() <= 1
    assert score.value <= 1


def test_two_positions_rotated_by_45_degrees_leave_no_gap(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    """Each of the two dimensions has squared correlation 1/2 with each of the two positions."""
    table = coarse("factors")
    codes = table.codes.astype(float)
    codes[:, 3:] = codes[:, 3:] @ np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    score = CORRELATION.score(CodeTable(codes, table.factors, table.factor_names), rng=rng)
    np.testing.assert_allclose(score.detail["gap"], [1, 1, 1, 0, 0], atol=1e-6)
    assert score.value == pytest.approx(3 / 5)


def test_correlations_agree_with_numpy(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    table = coarse("rotated")
    expected = np.corrcoef(table.codes.T.astype(float), table.factors.T)[:10, 10:] ** 2
    squared = CORRELATION.score(table, rng=rng).detail["squared_correlation"]
    np.testing.assert_allclose(squared, expected, atol=1e-9)
