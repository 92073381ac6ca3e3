"""The gridded density of a mixture agrees with the direct sum."""

import numpy as np
import pytest
from scipy.stats import norm

from disbench.metrics.checking import CodesError
from disbench.metrics.mixture import log_density


def _drawn(
    n: int, deviation: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean = rng.normal(size=n)
    chosen = rng.integers(n, size=1_500)
    return mean[chosen] + deviation[chosen] * rng.normal(size=1_500), mean, deviation


@pytest.mark.parametrize("widths", ["of one width", "of many widths", "narrow", "wide"])
def test_entropies_agree_with_the_direct_sum(rng: np.random.Generator, widths: str) -> None:
    deviation = {
        "of one width": np.full(800, 0.3),
        "of many widths": np.exp(rng.normal(-2, 1, size=800)),
        "narrow": np.full(800, 0.004),
        "wide": rng.uniform(0.9, 1.1, size=800),
    }[widths]
    points, mean, deviation = _drawn(800, deviation, rng)
    direct = np.log(norm.pdf(points[:, None], mean, deviation).mean(axis=1))
    ours = log_density(points, mean, deviation)
    assert ours.mean() == pytest.approx(direct.mean(), abs=3e-4)
    np.testing.assert_allclose(ours, direct, atol=0.05)


def test_one_gaussian_has_its_own_density() -> None:
    points = np.linspace(-1, 3, 9)
    ours = log_density(points, np.array([1.0]), np.array([0.7]))
    np.testing.assert_allclose(ours, norm.logpdf(points, 1, 0.7), atol=0.01)


def test_out_of_reach_the_density_is_tiny_but_finite() -> None:
    assert -1_000 < log_density(np.array([50.0]), np.array([0.0]), np.array([1.0]))[0] < -20


def test_a_posterior_that_is_a_point_is_refused() -> None:
    mean = np.array([0.0, 1.0])
    with pytest.raises(CodesError, match="needs deviations above"):
        log_density(mean, mean, np.full(2, 1e-8))
