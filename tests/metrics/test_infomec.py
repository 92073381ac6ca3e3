"""InfoMEC finds modularity and compactness in the active dimensions only."""

from collections.abc import Callable

import numpy as np
import pytest

from disbench.metrics.infomec import _concentration
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

PROTOCOL = PROTOCOLS["infomec/hsu2023"]


@pytest.mark.parametrize(
    ("codes", "infom", "infoc"),
    [
        ("factors and dead", 1.0, 1.0),
        ("each factor twice", 1.0, (1 / 2 - 1 / 10) / (1 - 1 / 10)),  # two of ten share alike
        ("zeros", 0.0, 0.0),
    ],
)
def test_canonical_codes(
    coarse: Callable[[str], CodeTable],
    rng: np.random.Generator,
    codes: str,
    infom: float,
    infoc: float,
) -> None:
    score = PROTOCOL.score(coarse(codes), rng=rng)
    assert score.value == pytest.approx(infom, abs=0.02)
    assert score.detail["infoc"] == pytest.approx(infoc, abs=0.02)


def test_a_rotation_loses_modularity_and_keeps_explicitness(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    perfect, rotated = (
        PROTOCOL.score(coarse(codes), rng=rng) for codes in ("factors and dead", "rotated")
    )
    assert rotated.value < 0.8
    assert rotated.detail["infoe"] == pytest.approx(perfect.detail["infoe"], abs=0.1)


def test_dimensions_of_a_narrow_range_are_inactive(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = PROTOCOL.score(coarse("factors and dead"), rng=rng)
    np.testing.assert_array_equal(score.detail["active"], [True] * 5 + [False] * 5)
    assert score.detail["information"].shape == (10, 5)


@pytest.mark.parametrize(
    ("information", "expected"),
    [
        ([[1, 0, 0], [0, 0, 0.2]], 1),
        ([[1, 1, 1]], 0),
        ([[1, 0, 0], [1, 1, 1]], 1 / 2),
        ([[0, 0, 0]], 0),
        ([[0.3], [0.1]], 1),
        (np.zeros((0, 3)), 0),
    ],
)
def test_concentration_is_rescaled_from_even_to_single(
    information: list[list[float]], expected: float
) -> None:
    assert _concentration(np.array(information, dtype=float)) == pytest.approx(expected)


def test_separable_factors_are_explicit(rng: np.random.Generator) -> None:
    """Two values a factor are read without loss, and nothing is read from no code."""
    factors = np.tile(np.indices((2, 2)).reshape(2, -1).T, (2_500, 1))
    perfect = CodeTable(factors * 1.0, factors, ("a", "b"))
    assert PROTOCOL.score(perfect, rng=rng).detail["infoe"] == pytest.approx(1, abs=1e-3)
    empty = CodeTable(factors * 0.0, factors, ("a", "b"))
    assert PROTOCOL.score(empty, rng=rng).detail["infoe"] == pytest.approx(0, abs=1e-3)
