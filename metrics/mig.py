"""Mutual information gap: how far one code dimension, and no second one, tells each factor."""

import numpy as np

from disbench.metrics.arrays import ratio, top_two_gap
from disbench.metrics.information import binned_codes, entropies, mutual_information_matrix
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable


def mig(table: CodeTable, *, rng: np.random.Generator, n_points: int | None, n_bins: int) -> Score:
    """Return the mutual information gap of binned codes.

    For each factor: the mutual information of the best dimension less that of the second best, over
    the factor's entropy; then the mean over factors. Between 0 and 1. `n_points` rows are drawn, or
    all rows are taken once where it is None; each dimension is cut in `n_bins` of equal width over
    its range in those rows.

    A single dimension has no rival: its gap is its mutual information. A factor whose drawn rows
    share one value has a gap of 0. Detail: 'mutual_information' (d, k) and 'entropy' (k,) in nats,
    'gap' (k,).

    Source: Chen et al. 2018, section 4; binned as in Locatello et al. 2019, appendix.
    """
    points = table if n_points is None else table.sample(n_points, rng=rng)
    information = mutual_information_matrix(
        binned_codes(points.codes, n_bins), points.factors, n_bins, table.n_values
    )
    entropy = entropies(points.factors)
    gap = ratio(top_two_gap(information), entropy)
    detail = {"mutual_information": information, "entropy": entropy, "gap": gap}
    return Score(float(gap.mean()), points.n, detail)


_CHEN = "Chen et al., Isolating sources of disentanglement in VAEs, NeurIPS 2018"

PROTOCOLS = (
    Protocol(
        name="mig/locatello2019",
        version=1,
        title="mutual information gap on 10,000 points, codes in 20 bins",
        citation=f"{_CHEN}; Locatello et al., Challenging common assumptions, ICML 2019",
        compute=mig,
        arguments={"n_points": 10_000, "n_bins": 20},
        min_rows=10_000,
    ),
    Protocol(
        name="mig/exact",
        version=1,
        title="mutual information gap on every row once, codes in 20 bins",
        citation=f"{_CHEN}; the estimator of mig/locatello2019 without its sampling",
        compute=mig,
        arguments={"n_points": None, "n_bins": 20},
        draws=False,
    ),
)
