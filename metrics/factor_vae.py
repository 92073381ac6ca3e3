"""The FactorVAE metric: whether the dimension that varies least tells which factor is fixed."""

import numpy as np

from disbench.metrics.arrays import BoolArray, FloatArray, IntArray, blocks, varying
from disbench.metrics.information import contingency
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable

# Small enough for the gathered codes to stay in the cache, whatever the number of votes.
_VOTES_AT_ONCE = 128


def factor_vae(
    table: CodeTable,
    *,
    rng: np.random.Generator,
    n_scale: int | None,
    n_train: int,
    n_test: int | None,
    n_rows: int,
    least_deviation: float,
) -> Score:
    """Return the accuracy of a majority vote that names the fixed factor.

    A vote draws a factor and `n_rows` rows that share one value of it, and names the dimension
    whose variance among them, relative to its variance overall, is least. Each dimension stands for
    the factor that had most of its `n_train` votes; the score is the share of `n_test` further
    votes that are right, or of the same votes where `n_test` is None. The overall variance is that
    of `n_scale` drawn rows, or of all rows where it is None; all variances divide by n - 1.

    Dimensions vote only if they vary and their overall deviation is at least `least_deviation`: a
    constant one would win by 0 / 0. Where none may vote the score is 0. Between 0 and 1; chance is
    1 / k. Detail: 'votes' (d, k) of the majority, 'active' (d,).

    Source: Kim and Mnih 2018, section 4 (800 votes of 200 rows, [from memory]); sizes as in
    Locatello et al. 2019, appendix.
    """
    scale = table if n_scale is None else table.sample(n_scale, rng=rng)
    variance = scale.codes.var(axis=0, ddof=1, dtype=np.float64)
    active = varying(scale.codes) & (np.sqrt(variance) >= least_deviation)
    votes = np.zeros((table.n_codes, table.n_factors), dtype=np.intp)
    detail = {"votes": votes, "active": active}
    if not active.any():
        return Score(0.0, n_test or n_train, detail)
    votes += _votes(table, n_train, n_rows, variance, active, rng=rng)
    majority = votes == votes.max(axis=1, keepdims=True)
    majority &= majority.cumsum(axis=1) == 1  # a tie goes to the first factor
    judged = votes if n_test is None else _votes(table, n_test, n_rows, variance, active, rng=rng)
    return Score(float(judged[majority].sum() / judged.sum()), n_test or n_train, detail)


def _votes(
    table: CodeTable,
    n_votes: int,
    n_rows: int,
    variance: FloatArray,
    active: BoolArray,
    *,
    rng: np.random.Generator,
) -> IntArray:
    """Return how often each dimension was named for each factor: (d, k) counts."""
    [candidates] = np.nonzero(active)
    factors = rng.integers(table.n_factors, size=n_votes)
    dimensions = np.empty(n_votes, dtype=np.intp)
    for factor in range(table.n_factors):
        [votes] = np.nonzero(factors == factor)
        for start in range(0, len(votes), _VOTES_AT_ONCE):
            block = votes[start : start + _VOTES_AT_ONCE]
            rows = _sharing(table, factor, len(block), n_rows, rng=rng)
            local = _variances(table, rows)[:, candidates]
            dimensions[block] = candidates[(local / variance[candidates]).argmin(axis=1)]
    return contingency(dimensions, factors, table.n_codes, table.n_factors)


def _sharing(
    table: CodeTable, factor: int, n_groups: int, n_rows: int, *, rng: np.random.Generator
) -> IntArray:
    """Return (n_groups, n_rows) rows; those of a group share one drawn value of `factor`."""
    values = table.factors[table.sample_rows(n_groups, rng=rng), factor]
    rows = table.rows_with_value(factor, np.repeat(values, n_rows), rng=rng)
    return rows.reshape(n_groups, n_rows)


def _variances(table: CodeTable, rows: IntArray) -> FloatArray:
    """Return the variance of the codes in each group of rows: (n_groups, n_rows) -> (.., d)."""
    parts = []
    for block in blocks(len(rows), rows.shape[1] * table.n_codes):
        groups = rows[block]
        codes = table.codes[groups.ravel()].reshape(*groups.shape, -1)
        parts.append(codes.var(axis=1, ddof=1))
    return np.concatenate(parts)


_KIM = "Kim and Mnih, Disentangling by factorising, ICML 2018"

PROTOCOLS = (
    Protocol(
        name="factor_vae/locatello2019",
        version=1,
        title="accuracy of a majority vote on the fixed factor, dimensions below 0.05 pruned",
        citation=f"{_KIM}; Locatello et al., Challenging common assumptions, ICML 2019",
        compute=factor_vae,
        arguments={
            "n_scale": 10_000,
            "n_train": 10_000,
            "n_test": 5_000,
            "n_rows": 64,
            "least_deviation": 0.05,
        },
        min_rows=1_000,
        min_factors=2,
        by_rows=True,
    ),
    Protocol(
        name="factor_vae/kim2018",
        version=1,
        title="the same with 800 votes of 200 rows, judged on themselves, constants pruned",
        citation=f"{_KIM}, section 4 and appendix [from memory: 800 votes, 200 rows]",
        compute=factor_vae,
        arguments={
            "n_scale": None,
            "n_train": 800,
            "n_test": None,
            "n_rows": 200,
            "least_deviation": 0.0,
        },
        min_rows=1_000,
        min_factors=2,
    ),
)
