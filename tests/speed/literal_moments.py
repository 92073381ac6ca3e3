"""The metrics of deviations and covariances as their papers put them, in numpy and scipy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from literal_information import drawn
from scipy.linalg import sqrtm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from disbench.metrics.table import CodeTable


def irs(table: CodeTable) -> float:
    """Interventional robustness with 0.99 quantiles."""
    return _irs(table, 0.99)


def irs_by_maximum(table: CodeTable) -> float:
    """The same with maxima."""
    return _irs(table, 1.0)


def total_correlation(table: CodeTable) -> float:
    """The total correlation of a Gaussian with the codes' covariance."""
    covariance = np.cov(drawn(table).codes.T)
    return float((np.log(np.diag(covariance)).sum() - np.linalg.slogdet(covariance)[1]) / 2)


def wasserstein(table: CodeTable) -> float:
    """The squared Wasserstein distance of that Gaussian from independence."""
    return _wasserstein(np.cov(drawn(table).codes.T))


def normalised_wasserstein(table: CodeTable) -> float:
    """The same over the total variance."""
    covariance = np.cov(drawn(table).codes.T)
    return _wasserstein(covariance) / float(np.trace(covariance))


def active_dimensions(table: CodeTable) -> float:
    """The number of dimensions whose variance is above 0.01."""
    return float(sum(np.var(code, dtype=float) > 0.01 for code in table.codes.T))


def divergence(table: CodeTable) -> float:
    """The mean divergence of the posterior from the prior."""
    assert table.log_variance is not None
    mean, log_variance = table.codes.astype(float), table.log_variance.astype(float)
    return float(np.mean(np.sum(mean**2 + np.exp(log_variance) - log_variance - 1, axis=1)) / 2)


def _irs(table: CodeTable, quantile: float) -> float:
    greatest = [np.abs(code - code.mean()).max() for code in table.codes.T.astype(float)]
    robust = [
        max(_robustness(code, factor, quantile) for factor in table.factors.T)
        for code in table.codes.T.astype(float)
    ]
    return float(np.average(robust, weights=greatest))


def _robustness(code: NDArray[np.float64], factor: NDArray[np.int64], quantile: float) -> float:
    groups = [code[factor == value] for value in range(factor.max() + 1)]
    held = [np.quantile(np.abs(group - group.mean()), quantile) for group in groups]
    return float(1 - np.mean(held) / np.abs(code - code.mean()).max())


def _wasserstein(covariance: NDArray[np.float64]) -> float:
    own = np.diag(np.sqrt(np.diag(covariance)))
    cross = sqrtm(own @ covariance @ own)
    return float(2 * np.trace(covariance) - 2 * np.trace(cross).real)
