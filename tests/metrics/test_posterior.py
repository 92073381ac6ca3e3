"""The divergence of a Gaussian posterior and its active dimensions are counted by hand."""

import numpy as np
import pytest

from disbench.metrics.posterior import mean_kl
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable


@pytest.fixture
def table() -> CodeTable:
    """Posteriors: the prior; mean 1 or -1; a variance of e; mean 0.1 or -0.1."""
    sign = np.array([1.0, -1.0, 1.0, -1.0])
    mean = np.stack([0 * sign, sign, 0 * sign, 0.1 * sign], axis=1)
    log_variance = np.tile([0.0, 0.0, 1.0, 0.0], (4, 1))
    return CodeTable(mean, np.array([[0], [0], [1], [1]]), ("a",), log_variance)


def test_divergence_of_each_dimension(table: CodeTable) -> None:
    expected = [0, 1 / 2, (np.e - 2) / 2, 0.005]
    np.testing.assert_allclose(mean_kl(table), expected)


def test_the_total_divergence_is_the_sum(table: CodeTable, rng: np.random.Generator) -> None:
    score = PROTOCOLS["kl/gaussian"].score(table, rng=rng)
    assert score.value == pytest.approx(0.505 + (np.e - 2) / 2)
    np.testing.assert_array_equal(score.detail["kl"], mean_kl(table))


def test_a_dimension_is_active_if_the_variance_of_its_mean_exceeds_a_hundredth(
    table: CodeTable, rng: np.random.Generator
) -> None:
    """The last one has exactly that variance, but for rounding below it."""
    score = PROTOCOLS["active_dimensions/burda2016"].score(table, rng=rng)
    np.testing.assert_allclose(score.detail["variance"], [0, 1, 0, 0.01])
    assert score.value == 1 + (score.detail["variance"][3] > 0.01)


def test_single_precision_is_summed_in_double() -> None:
    mean = np.full((100_000, 1), 0.1, dtype=np.float32)
    table = CodeTable(mean, np.arange(100_000)[:, None] % 2, ("a",), np.zeros_like(mean))
    assert mean_kl(table) == pytest.approx(np.float64(np.float32(0.1)) ** 2 / 2, rel=1e-12)
