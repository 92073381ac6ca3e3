"""DCI follows from the importance matrix by hand, and from the trees by what they find."""

from collections.abc import Callable

import joblib
import numpy as np
import pytest

from disbench.metrics.dci import concentration, dci, weighted
from disbench.metrics.protocol import Score
from disbench.metrics.table import CodeTable
from disbench.metrics.trees import Forest, GradientBoosting

BOOSTING = GradientBoosting(n_trees=5, depth=3, rate=0.5)


def _dci(table: CodeTable, trees: GradientBoosting | Forest = BOOSTING) -> Score:
    rng = np.random.default_rng(0)
    return dci(table, rng=rng, n_train=1_000, n_test=500, trees=trees)


@pytest.fixture
def small(rng: np.random.Generator) -> Callable[..., CodeTable]:
    """Three factors of 2, 3 and 4 values, 720 rows, with the given codes of standardised ones."""
    factors = np.tile(np.indices((2, 3, 4)).reshape(3, -1).T, (30, 1))

    def table(of: Callable[[np.ndarray], np.ndarray]) -> CodeTable:
        noise = rng.normal(size=(len(factors), 2))
        return CodeTable(np.hstack([of(factors * 1.0), noise]), factors, ("a", "b", "c"))

    return table


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([1, 0, 0, 0], 1),
        ([3, 0, 0, 0], 1),
        ([1, 1, 1, 1], 0),
        ([1, 1, 0, 0], 1 / 2),  # log 2 of log 4
        ([0, 0, 0, 0], 0),
    ],
)
def test_concentration_is_one_less_relative_entropy(row: list[float], expected: float) -> None:
    assert concentration(np.array([row], dtype=float)) == pytest.approx(expected)


def test_a_single_entry_is_concentrated() -> None:
    np.testing.assert_array_equal(concentration(np.array([[0.3], [0.0]])), [1, 1])


def test_scores_of_a_known_importance_matrix() -> None:
    """Dimension 0 serves factor 0 only; dimension 1 serves both alike, with half its mass."""
    importance = np.array([[2.0, 0.0], [0.5, 0.5]])
    disentanglement = weighted(concentration(importance), importance.sum(axis=1))
    assert disentanglement == pytest.approx((2 * 1 + 1 * 0) / 3)
    skewed = 1 + 0.8 * np.log2(0.8) + 0.2 * np.log2(0.2)
    completeness = weighted(concentration(importance.T), importance.sum(axis=0))
    assert completeness == pytest.approx((2.5 * skewed + 0.5 * 1) / 3)


def test_perfect_codes_are_disentangled_complete_and_informative(
    small: Callable[..., CodeTable],
) -> None:
    score = _dci(small(lambda factors: factors))
    assert score.value > 0.95
    assert score.detail["completeness_score"] > 0.95
    assert score.detail["informativeness_score"] > 0.99
    np.testing.assert_array_equal(score.detail["importance"][:3].argmax(axis=0), [0, 1, 2])
    assert score.detail["importance"].shape == (5, 3)


def test_two_factors_in_one_dimension_are_complete_but_entangled(
    small: Callable[..., CodeTable],
) -> None:
    score = _dci(small(lambda factors: factors @ np.array([[1, 0], [2, 0], [0, 1]])))
    assert score.value < 0.8
    assert score.detail["completeness_score"] > 0.9


def test_a_factor_in_two_dimensions_is_disentangled_but_incomplete(
    small: Callable[..., CodeTable],
) -> None:
    """The halves of the last factor's four values go to a dimension each."""
    score = _dci(small(lambda f: np.stack([f[:, 0], f[:, 1], f[:, 2] // 2, f[:, 2] % 2], axis=1)))
    assert score.value > 0.9
    assert score.detail["completeness"][2] < 0.7


def test_codes_of_no_use_score_zero(small: Callable[..., CodeTable]) -> None:
    table = small(np.zeros_like)
    constant = CodeTable(np.zeros((table.n, 2)), table.factors, table.factor_names)
    score = _dci(constant)
    assert score.value == 0
    assert score.detail["completeness_score"] == 0


def test_a_forest_spreads_importance_over_noise(small: Callable[..., CodeTable]) -> None:
    """Another number on the same codes: hence another protocol."""
    table = small(lambda factors: factors)
    assert _dci(table, Forest(n_trees=20)).value < _dci(table).value


def test_in_parallel_the_bits_are_the_same(small: Callable[..., CodeTable]) -> None:
    table = small(lambda factors: factors)
    alone = _dci(table)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        together = _dci(table)
    np.testing.assert_array_equal(alone.detail["importance"], together.detail["importance"])
    assert alone.value == together.value
