"""How far the code dimensions depend on one another: no factors needed."""

import numpy as np

from disbench.metrics.arrays import FloatArray, varying
from disbench.metrics.information import binned_codes, mutual_information_matrix
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable


def total_correlation(table: CodeTable, *, rng: np.random.Generator, n_points: int) -> Score:
    """Return the total correlation in nats of a Gaussian with the codes' covariance.

    The divergence of that Gaussian from the product of its marginals, from `n_points` drawn rows.
    0 for uncorrelated dimensions; infinite where one is a linear function of others, as a duplicate
    is. Constant dimensions are independent of all others and left out.

    Detail: 'covariance' of the dimensions that vary.

    Source: Locatello et al. 2019, section 5.2.
    """
    covariance = _covariance(table.sample(n_points, rng=rng).codes)
    deviation = np.sqrt(np.diag(covariance))
    eigenvalues = np.linalg.eigvalsh(covariance / np.outer(deviation, deviation))
    # Rounding leaves the zero eigenvalue of a dependent dimension somewhere below this.
    singular = eigenvalues.min(initial=1) < len(eigenvalues) * np.finfo(np.float64).eps
    value = np.inf if singular else max(0.0, -float(np.log(eigenvalues).sum()) / 2)
    return Score(value, n_points, {"covariance": covariance})


def wasserstein_correlation(
    table: CodeTable, *, rng: np.random.Generator, n_points: int, normalise: bool
) -> Score:
    """Return the squared 2-Wasserstein distance of a Gaussian from the product of its marginals.

    The Gaussian has the covariance of the codes of `n_points` drawn rows. In squared units of the
    codes, or over the codes' total variance where `normalise` is true. 0 for uncorrelated
    dimensions and for constant codes; finite for duplicates.

    Detail: 'covariance' of the dimensions that vary.

    Source: Locatello et al. 2019, section 5.2.
    """
    covariance = _covariance(table.sample(n_points, rng=rng).codes)
    deviation = np.sqrt(np.diag(covariance))
    total = float(np.trace(covariance))
    # The geometric mean of the two covariances, made symmetric: its eigenvalues are real.
    cross = np.linalg.eigvalsh(covariance * np.outer(deviation, deviation))
    distance = max(0.0, 2 * total - 2 * float(np.sqrt(cross.clip(min=0)).sum()))
    value = distance / total if normalise and total > 0 else distance
    return Score(value, n_points, {"covariance": covariance})


def pairwise_information(
    table: CodeTable, *, rng: np.random.Generator, n_points: int, n_bins: int
) -> Score:
    """Return the mean mutual information in nats of two code dimensions, over all pairs.

    From `n_points` drawn rows, each dimension in `n_bins` of equal width. At most log(n_bins);
    independent dimensions have about (n_bins - 1)^2 / (2 n_points). 0 for a single dimension.

    Detail: 'mutual_information' (d, d), 0 on the diagonal.

    Source: Locatello et al. 2019, section 5.2.
    """
    bins = binned_codes(table.sample(n_points, rng=rng).codes, n_bins)
    information = mutual_information_matrix(bins, bins, n_bins, [n_bins] * table.n_codes)
    np.fill_diagonal(information, 0)
    n_pairs = table.n_codes * (table.n_codes - 1)
    value = float(information.sum() / max(n_pairs, 1))
    return Score(value, n_points, {"mutual_information": information})


def _covariance(codes: FloatArray) -> FloatArray:
    kept = codes[:, varying(codes)].astype(np.float64)
    centred = kept - kept.mean(axis=0)
    covariance: FloatArray = centred.T @ centred / (len(codes) - 1)
    return covariance


_LOCATELLO = "Locatello et al., Challenging common assumptions, ICML 2019, section 5.2"

PROTOCOLS = (
    Protocol(
        name="total_correlation/locatello2019",
        version=1,
        title="total correlation of a Gaussian with the codes' covariance, in nats",
        citation=_LOCATELLO,
        compute=total_correlation,
        arguments={"n_points": 10_000},
        high=np.inf,
        higher_is_better=False,
        min_rows=10_000,
        uses_factors=False,
    ),
    Protocol(
        name="wasserstein_correlation/locatello2019",
        version=1,
        title="squared Wasserstein distance of that Gaussian from independence",
        citation=_LOCATELLO,
        compute=wasserstein_correlation,
        arguments={"n_points": 10_000, "normalise": False},
        high=np.inf,
        higher_is_better=False,
        min_rows=10_000,
        uses_factors=False,
    ),
    Protocol(
        name="wasserstein_correlation/normalised",
        version=1,
        title="the same over the codes' total variance",
        citation=_LOCATELLO,
        compute=wasserstein_correlation,
        arguments={"n_points": 10_000, "normalise": True},
        high=2.0,
        higher_is_better=False,
        min_rows=10_000,
        uses_factors=False,
    ),
    Protocol(
        name="pairwise_information/locatello2019",
        version=1,
        title="mean mutual information of two code dimensions in 20 bins, in nats",
        citation=_LOCATELLO,
        compute=pairwise_information,
        arguments={"n_points": 10_000, "n_bins": 20},
        high=float(np.log(20)),
        higher_is_better=False,
        min_rows=10_000,
        uses_factors=False,
    ),
)
