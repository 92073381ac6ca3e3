"""Models agree as far as their dimensions match, whatever order and sign they have."""

from dataclasses import replace

import numpy as np
import pytest

from disbench.metrics.protocols import GROUP_PROTOCOLS
from disbench.metrics.table import CodesError, CodeTable
from disbench.metrics.udr import relative_strength

LASSO = GROUP_PROTOCOLS["udr/duan2020"]
SPEARMAN = GROUP_PROTOCOLS["udr/spearman"]
N = 10_000


@pytest.fixture
def codes(rng: np.random.Generator) -> np.ndarray:
    """Three independent dimensions, uncorrelated to the last digit."""
    return np.linalg.qr(rng.normal(size=(N, 4)) - [0, 0, 0, 0])[0][:, :3] * np.sqrt(N)


def _table(codes: np.ndarray, log_variance: float = -4.0) -> CodeTable:
    return CodeTable(
        codes, np.arange(len(codes))[:, None] % 2, ("any",), np.full(codes.shape, log_variance)
    )


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.eye(3), 1),
        (np.eye(3)[[2, 0, 1]], 1),
        (np.ones((3, 3)), 1 / 3),
        ([[1, 1, 0], [1, 1, 0], [0, 0, 1]], 2 / 3),
        (np.zeros((3, 3)), 0),
        (np.zeros((0, 3)), 0),
        ([[1, 0]], 3 / 4),  # one row: 1; two columns: 1 and 0
    ],
)
def test_relative_strength_of_known_similarities(matrix: np.ndarray, expected: float) -> None:
    assert relative_strength(np.array(matrix, dtype=float)) == pytest.approx(expected)


def test_the_same_dimensions_in_another_order_and_sign_agree_by_rank(
    codes: np.ndarray, rng: np.random.Generator
) -> None:
    other = codes[:, [2, 0, 1]] * [1, -3, 0.5]
    for score in SPEARMAN.scores([_table(codes), _table(other)], rng=rng):
        assert score.value == pytest.approx(1, abs=0.05)


def test_lasso_shrinks_a_perfect_match_by_its_penalty(
    codes: np.ndarray, rng: np.random.Generator
) -> None:
    """The weight of a standardised dimension on its double is 1 - 0.1, so (0.9)^2 / 0.9."""
    for score in LASSO.scores([_table(codes), _table(-codes[:, [1, 2, 0]])], rng=rng):
        assert score.value == pytest.approx(0.9, abs=0.01)


def test_unrelated_models_do_not_agree(codes: np.ndarray, rng: np.random.Generator) -> None:
    tables = [_table(codes), _table(rng.normal(size=codes.shape))]
    assert [score.value for score in LASSO.scores(tables, rng=rng)] == [0, 0]


def test_a_model_has_the_median_of_its_agreements(
    codes: np.ndarray, rng: np.random.Generator
) -> None:
    tables = [_table(codes), _table(codes), _table(codes), _table(rng.normal(size=codes.shape))]
    scores = SPEARMAN.scores(tables, rng=rng)
    assert [score.detail["agreement"].shape for score in scores] == [(3,)] * 4
    assert [score.value > 0.9 for score in scores] == [True, True, True, False]
    assert scores[0].value == np.median(scores[0].detail["agreement"])


def test_dimensions_that_keep_the_prior_are_left_out(
    codes: np.ndarray, rng: np.random.Generator
) -> None:
    dead = np.hstack([codes, rng.normal(0, 0.01, size=(N, 2))])
    table = _table(dead)
    assert table.log_variance is not None
    table.log_variance[:, 3:] = 0
    for score in SPEARMAN.scores([table, _table(codes)], rng=rng):
        assert score.value == pytest.approx(1, abs=0.05)


def test_a_model_without_active_dimensions_agrees_with_none(
    codes: np.ndarray, rng: np.random.Generator
) -> None:
    tables = [_table(codes * 0, 0.0), _table(codes), _table(codes)]
    assert [score.value > 0 for score in SPEARMAN.scores(tables, rng=rng)] == [False, True, True]


def test_one_model_is_refused(codes: np.ndarray, rng: np.random.Generator) -> None:
    with pytest.raises(CodesError, match="given 1 tables"):
        LASSO.scores([_table(codes)], rng=rng)


def test_models_on_different_rows_are_refused(codes: np.ndarray, rng: np.random.Generator) -> None:
    with pytest.raises(CodesError, match=r"2 tables of \[5000, 10000\] rows"):
        LASSO.scores([_table(codes), _table(codes[:5_000])], rng=rng)


def test_a_model_without_a_posterior_is_refused(
    codes: np.ndarray, rng: np.random.Generator
) -> None:
    with pytest.raises(CodesError, match="no log_variance"):
        LASSO.scores([_table(codes), replace(_table(codes), log_variance=None)], rng=rng)
