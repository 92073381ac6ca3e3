"""The gap of the aggregate posterior has its derived values, and leaves the shape out."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from disbench.metrics import mig_posterior
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

PROTOCOL = PROTOCOLS["mig/chen2018"]


@pytest.fixture
def table() -> CodeTable:
    """Shape, scale and position of 2, 4 and 8 values, 1,280 rows, each its own sharp dimension."""
    factors = np.tile(np.indices((2, 4, 8)).reshape(3, -1).T, (20, 1))
    codes = np.hstack([factors * 1.0, np.zeros((len(factors), 1))])
    log_variance = np.tile(2 * np.log([0.01, 0.01, 0.01, 1.0]), (len(factors), 1))
    return CodeTable(codes, factors, ("shape", "scale", "position"), log_variance)


def test_sharp_codes_of_the_factors_score_one(table: CodeTable, rng: np.random.Generator) -> None:
    score = PROTOCOL.score(table, rng=rng)
    assert score.value == pytest.approx(1, abs=0.03)
    assert score.detail["mutual_information"].shape == (4, 2)
    assert score.detail["mutual_information"][1, 0] == pytest.approx(np.log(4), abs=0.1)
    assert score.n_points == 1_280


def test_the_prior_as_posterior_scores_zero(table: CodeTable, rng: np.random.Generator) -> None:
    blank = replace(table, codes=table.codes * 0, log_variance=table.codes * 0)
    assert PROTOCOL.score(blank, rng=rng).value == pytest.approx(0, abs=0.03)


def test_a_duplicate_leaves_no_gap(table: CodeTable, rng: np.random.Generator) -> None:
    assert table.log_variance is not None
    twice = replace(
        table,
        codes=np.hstack([table.codes, table.codes]),
        log_variance=np.hstack([table.log_variance, table.log_variance]),
    )
    assert PROTOCOL.score(twice, rng=rng).value == pytest.approx(0, abs=0.03)


def test_the_direct_sum_gives_the_same_score(
    table: CodeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The definition, term by term, on the same samples."""
    assert table.log_variance is not None
    blurred = replace(table, log_variance=table.log_variance + 8)  # about 0.5: values overlap
    ours = PROTOCOL.score(blurred, rng=np.random.default_rng(0))

    def direct(points: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        terms = norm.logpdf(points[:, None], mean, deviation)
        return np.asarray(logsumexp(terms, axis=1) - np.log(len(mean)))

    monkeypatch.setattr(mig_posterior, "log_density", direct)
    expected = PROTOCOL.score(blurred, rng=np.random.default_rng(0))
    assert 0.1 < expected.value < 0.95
    assert ours.value == pytest.approx(expected.value, abs=1e-3)
    np.testing.assert_allclose(
        ours.detail["mutual_information"], expected.detail["mutual_information"], atol=2e-3
    )
