"""Dependence among dimensions has the closed forms of Gaussians."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import ortho_group

from disbench.metrics.correlation import (
    pairwise_information,
    total_correlation,
    wasserstein_correlation,
)
from disbench.metrics.information import binned_codes, entropies
from disbench.metrics.table import CodeTable

N = 20_000


def _table(codes: np.ndarray) -> CodeTable:
    return CodeTable(codes, np.arange(len(codes))[:, None] % 2, ("any",))


def _correlated(rho: float, rng: np.random.Generator) -> CodeTable:
    first, second = rng.normal(size=(2, N))
    return _table(np.stack([3 * first, rho * first + np.sqrt(1 - rho**2) * second], axis=1))


def test_two_gaussians_have_the_total_correlation_of_their_rho(rng: np.random.Generator) -> None:
    score = total_correlation(_correlated(0.6, rng), rng=rng, n_points=N)
    assert score.value == pytest.approx(-np.log(1 - 0.36) / 2, abs=0.015)


def test_a_duplicate_has_infinite_total_correlation(rng: np.random.Generator) -> None:
    codes = rng.normal(size=(N, 2))
    for dependent in (codes[:, :1], codes.sum(axis=1, keepdims=True)):
        table = _table(np.hstack([codes, 5 * dependent]))
        assert total_correlation(table, rng=rng, n_points=1_000).value == np.inf


def test_constant_dimensions_are_independent(rng: np.random.Generator) -> None:
    table = _correlated(0.6, rng)
    padded = _table(np.hstack([np.full((N, 1), 0.1), table.codes]))
    for of in (
        total_correlation,
        lambda *args, **kw: wasserstein_correlation(*args, normalise=False, **kw),
    ):
        expected = of(table, rng=np.random.default_rng(0), n_points=500).value
        assert of(padded, rng=np.random.default_rng(0), n_points=500).value == expected


def test_constant_codes_have_no_correlation(rng: np.random.Generator) -> None:
    table = _table(np.full((100, 3), 0.1))
    assert total_correlation(table, rng=rng, n_points=100).value == 0
    for normalise in (False, True):
        score = wasserstein_correlation(table, rng=rng, n_points=100, normalise=normalise)
        assert score.value == 0
    assert pairwise_information(table, rng=rng, n_points=100, n_bins=20).value == 0


def test_two_unit_gaussians_have_the_wasserstein_distance_of_their_rho(
    rng: np.random.Generator,
) -> None:
    """2 trace - 2 trace sqrt: the eigenvalues of the covariance are 1 + rho and 1 - rho."""
    table = _correlated(0.6, rng)
    unit = _table(table.codes / [3, 1])
    score = wasserstein_correlation(unit, rng=rng, n_points=N, normalise=False)
    expected = 4 - 2 * (np.sqrt(1.6) + np.sqrt(0.4))
    assert score.value == pytest.approx(expected, abs=0.02)
    score = wasserstein_correlation(unit, rng=rng, n_points=N, normalise=True)
    assert score.value == pytest.approx(expected / 2, abs=0.01)


def test_the_wasserstein_distance_agrees_with_matrix_roots(rng: np.random.Generator) -> None:
    rotation = ortho_group.rvs(4, random_state=0)
    codes = rng.normal(size=(N, 4)) * [1, 2, 3, 0.5] @ rotation
    score = wasserstein_correlation(_table(codes), rng=rng, n_points=N, normalise=False)
    covariance = score.detail["covariance"]
    independent = np.diag(np.diag(covariance))
    cross = sqrtm(sqrtm(independent) @ covariance @ sqrtm(independent))
    expected = np.trace(covariance + independent - 2 * cross)
    assert score.value == pytest.approx(expected)


def test_a_duplicate_shares_its_whole_entropy(rng: np.random.Generator) -> None:
    """One pair of three dimensions shares everything, the two others next to nothing."""
    codes = rng.normal(size=(N, 2))
    table = _table(codes[:, [0, 0, 1]])
    score = pairwise_information(table, rng=np.random.default_rng(0), n_points=N, n_bins=20)
    drawn = table.sample(N, rng=np.random.default_rng(0)).codes
    [own, _, _] = entropies(binned_codes(drawn, 20))
    assert score.detail["mutual_information"][0, 1] == pytest.approx(own)
    assert score.value == pytest.approx(own / 3, abs=0.01)


def test_a_single_dimension_has_no_pair(rng: np.random.Generator) -> None:
    table = _table(rng.normal(size=(100, 1)))
    assert pairwise_information(table, rng=rng, n_points=100, n_bins=20).value == 0
    assert total_correlation(table, rng=rng, n_points=100).value == pytest.approx(0, abs=1e-12)


def test_independent_factors_are_uncorrelated(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    table = coarse("factors and dead")
    assert total_correlation(table, rng=rng, n_points=10_000).value < 0.01
