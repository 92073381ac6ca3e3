"""Interventional robustness: how little a dimension moves while its factor is held."""

import numpy as np

from disbench.metrics.arrays import FloatArray, ratio, varying
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable


def irs(table: CodeTable, *, rng: np.random.Generator, quantile: float) -> Score:  # noqa: ARG001 - all rows count
    """Return the interventional robustness score.

    For each dimension and factor: the `quantile` of the distance to the mean among rows that share
    a value, averaged over values, over the dimension's greatest distance to its overall mean; 1
    minus that. Each dimension counts with its most robust factor, weighted by its greatest
    distance, so that constant dimensions do not count; codes without any other score 0. At most 1,
    and hardly ever below 0. Every row is used once, and factor values are never binned.

    The weights are distances: scaling a single dimension changes the score.

    Detail: 'robustness' (d, k), 'greatest_deviation' (d,).

    Source: Suter et al. 2019, section 4 (whose quantile is 1).
    """
    centre = table.codes.mean(axis=0, dtype=float)
    greatest = np.abs(table.codes - centre).max(axis=0) * varying(table.codes)
    held = [_held_deviation(table, factor, quantile) for factor in range(table.n_factors)]
    robustness = 1 - ratio(np.stack(held, axis=1), greatest[:, None])
    value = float(ratio(robustness.max(axis=1) @ greatest, greatest.sum()))
    detail = {"robustness": robustness, "greatest_deviation": greatest}
    return Score(value, table.n, detail)


def _held_deviation(table: CodeTable, factor: int, quantile: float) -> FloatArray:
    """Return each dimension's quantile of deviations, averaged over the factor's values: (d,)."""
    groups = table.rows_by_value(factor)
    total = np.zeros(table.n_codes)
    for rows in groups:
        codes = table.codes[rows].T.astype(float)  # dimensions by rows: a quantile sorts rows
        deviation = np.abs(codes - codes.mean(axis=1, keepdims=True))
        total += np.quantile(deviation, quantile, axis=1)
    return total / len(groups)


_SUTER = "Suter et al., Robustly disentangled causal mechanisms, ICML 2019"

PROTOCOLS = (
    Protocol(
        name="irs/suter2019",
        version=1,
        title="how little each dimension moves while a factor is held, 0.99 quantiles",
        citation=f"{_SUTER}; the quantile is that of disentanglement_lib",
        compute=irs,
        arguments={"quantile": 0.99},
        draws=False,
    ),
    Protocol(
        name="irs/maximum",
        version=1,
        title="the same with maxima, as the paper defines it",
        citation=_SUTER,
        compute=irs,
        arguments={"quantile": 1.0},
        draws=False,
    ),
)
