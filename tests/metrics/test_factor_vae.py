"""The FactorVAE metric reaches its known values, and constant dimensions never vote."""

from collections.abc import Callable

import numpy as np
import pytest

from disbench.metrics import arrays
from disbench.metrics.factor_vae import factor_vae
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

PROTOCOL = PROTOCOLS["factor_vae/locatello2019"]
KIM = PROTOCOLS["factor_vae/kim2018"]
NOISE = 0.025  # three standard errors of an accuracy on 5,000 votes, and one for the classes'


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("factors", 1.0),
        ("factors and dead", 1.0),
        ("factors and constants", 1.0),
        ("shape missing", 0.79),
        ("each factor twice", 1.0),
        ("noise", 0.2),
        ("zeros", 0.0),
    ],
)
def test_canonical_codes(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator, codes: str, expected: float
) -> None:
    assert PROTOCOL.score(canonical(codes), rng=rng).value == pytest.approx(expected, abs=NOISE)


@pytest.mark.parametrize(
    ("codes", "expected"), [("factors and constants", 1.0), ("zeros", 0.0), ("shape missing", 0.96)]
)
def test_without_pruning_dead_dimensions_vote_for_what_is_missing(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator, codes: str, expected: float
) -> None:
    """Constant ones still do not: 0 / 0 would win every vote, and perfect codes score 0.2."""
    assert KIM.score(canonical(codes), rng=rng).value == pytest.approx(expected, abs=0.03)


def test_a_constant_that_rounds_never_votes(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    table = coarse("factors")
    codes = np.hstack([np.full((table.n, 1), 0.1), table.codes])
    score = KIM.score(CodeTable(codes, table.factors, table.factor_names), rng=rng)
    assert not score.detail["active"][0]
    assert score.value == 1


def test_votes_for_perfect_codes_lie_on_the_diagonal(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = PROTOCOL.score(coarse("factors"), rng=rng)
    votes = score.detail["votes"]
    assert votes.sum() == 10_000
    np.testing.assert_array_equal(votes, np.diag(np.diag(votes)))
    assert score.n_points == 5_000


def test_the_least_relative_variance_votes(rng: np.random.Generator) -> None:
    """Dimension 0 has the least variance, but relative to its own it is dimension 1's factor."""
    factors = np.indices((2, 8, 8)).reshape(3, -1).T
    codes = np.stack([factors[:, 1] * 0.01 + factors[:, 2] * 0.02, factors[:, 1] * 100.0], axis=1)
    score = factor_vae(
        CodeTable(codes, factors, ("a", "b", "c")),
        rng=rng,
        n_scale=None,
        n_train=300,
        n_test=100,
        n_rows=32,
        least_deviation=0.0,
    )
    assert score.detail["votes"][1, 1] > 0
    assert score.detail["votes"][0, 1] == 0


def test_dimensions_below_the_threshold_are_pruned(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = PROTOCOL.score(coarse("shape missing"), rng=rng)
    np.testing.assert_array_equal(score.detail["active"], [True] * 4 + [False] * 6)
    assert not score.detail["votes"][4:].any()


def test_a_majority_is_judged_on_its_own_votes_where_no_test_is_asked_for(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = KIM.score(coarse("noise"), rng=rng)
    votes = score.detail["votes"]
    assert score.value == votes.max(axis=1).sum() / 800
    assert score.n_points == 800


def test_votes_are_the_same_however_few_rows_are_gathered_at_once(
    coarse: Callable[[str], CodeTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    def votes() -> np.ndarray:
        found = PROTOCOL.score(coarse("rotated"), rng=np.random.default_rng(3))
        return np.append(found.detail["votes"].ravel(), found.value)

    at_once = votes()
    monkeypatch.setattr(arrays, "_ENTRIES_AT_ONCE", 5 * 64 * 10)
    assert np.array_equal(votes(), at_once)
