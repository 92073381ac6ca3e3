"""Modularity has its hand-made values, and says what dead dimensions do to it."""

from collections.abc import Callable

import numpy as np
import pytest

from disbench.metrics.modularity import modularity_of
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

PROTOCOL = PROTOCOLS["modularity/ridgeway2018"]
WEIGHTED = PROTOCOLS["modularity/weighted"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [([2, 0, 0], 1), ([1, 1, 1], 0), ([2, 1, 0], 1 - 1 / 8), ([0, 0, 0], 0)],
)
def test_modularity_of_known_information(row: list[float], expected: float) -> None:
    assert modularity_of(np.array([row], dtype=float)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("factors", 1.0),
        ("factors and dead", 0.82),
        ("shape missing", 0.80),
        ("each factor twice", 1.0),
        ("noise", 0.66),
        ("zeros", 0.0),
    ],
)
def test_canonical_codes(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator, codes: str, expected: float
) -> None:
    """A dimension of noise has 0.66 give or take 0.1, and five or ten of them are averaged."""
    assert PROTOCOL.score(canonical(codes), rng=rng).value == pytest.approx(expected, abs=0.03)


def test_constant_dimensions_count_as_zero(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    """Five perfect dimensions of eight: 0.625, as in the reference."""
    table = coarse("factors and constants")
    table = CodeTable(table.codes[:, :8] + 0.1, table.factors, table.factor_names)
    assert PROTOCOL.score(table, rng=rng).value == pytest.approx(5 / 8, abs=1e-3)


@pytest.mark.parametrize("codes", ["factors and dead", "factors and constants"])
def test_weighted_dead_dimensions_do_not_count(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator, codes: str
) -> None:
    assert WEIGHTED.score(coarse(codes), rng=rng).value == pytest.approx(1, abs=0.01)


def test_detail_explains_the_value(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = PROTOCOL.score(coarse("rotated"), rng=rng)
    np.testing.assert_array_equal(
        score.detail["modularity"], modularity_of(score.detail["mutual_information"])
    )
    assert score.value == pytest.approx(score.detail["modularity"].mean())
