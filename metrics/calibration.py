"""What a score would be for codes that know nothing, and for codes that are the factors."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from disbench.metrics.arrays import FloatArray, IntArray, standardised, varying
from disbench.metrics.checking import checked_names
from disbench.metrics.protocol import Protocol
from disbench.metrics.table import CodeTable

# Posterior deviation of an ideal code, far below the step between two values of a factor.
_IDEAL_DEVIATION = 1e-3


def noise_floor(protocol: Protocol, table: CodeTable, *, rng: np.random.Generator) -> float:
    """Return the protocol's value on the same codes with the rows of factors permuted.

    This is what the protocol gives to codes of this distribution that know nothing of the factors:
    chance, finite-sample bias and what the metric rewards regardless. It is one draw, with the
    protocol's own noise. NaN for a protocol that does not look at factors.
    """
    if not protocol.uses_factors:
        return float("nan")
    return protocol.score(table.shuffled(rng=rng), rng=rng).value


def ceiling(
    protocol: Protocol,
    factors: CodeTable | IntArray,
    n_codes: int,
    *,
    rng: np.random.Generator,
    factor_names: Sequence[str] | None = None,
) -> float:
    """Return the protocol's value on ideal codes: the factors themselves, one to a dimension.

    `factors` is a table, whose codes are not looked at, or (n, k) labels; protocols that leave out
    a factor by name need the labels' `factor_names`. Each factor has mean 0 and variance 1, as a
    code with a Gaussian prior would. Further dimensions are constant or repeat factors, as the
    protocol's `spare` says. With fewer dimensions than factors every choice of factors is scored,
    and the best value counts.

    It is what perfect disentanglement earns here, with this protocol's bins, points and
    classifiers. It is no upper bound: a metric may pay more for codes that are no factors, such as
    some spaced so that the bins suit them. NaN for a protocol that does not look at factors.
    """
    if not protocol.uses_factors:
        return float("nan")
    if isinstance(factors, CodeTable):
        labels, names = factors.factors, factors.factor_names
    else:
        labels, names = factors, checked_names(factor_names, factors.shape[1])
    choices = combinations(range(len(names)), min(n_codes, len(names)))
    repeated = protocol.spare == "repeated"
    tables = (_ideal_table(labels, names, kept, n_codes, repeated=repeated) for kept in choices)
    values = [protocol.score(table, rng=rng).value for table in tables]
    return min(values) if protocol.higher_is_better is False else max(values)


def calibrated(value: float, *, floor: float, ceiling: float) -> float:
    """Return where `value` lies between floor (0) and ceiling (1); it may lie outside.

    NaN where floor and ceiling coincide, for then the protocol tells nothing apart.
    """
    return (value - floor) / (ceiling - floor) if ceiling != floor else float("nan")


def ideal_codes(factors: IntArray, n_codes: int, *, repeated: bool) -> FloatArray:
    """Return (n, n_codes) codes: factors with mean 0 and variance 1, then zeros or factors again.

    The first `n_codes` factors are taken where there are more of them.
    """
    labels = factors.astype(np.float64)
    standard = standardised(labels, labels)
    if repeated:
        return standard[:, np.arange(n_codes) % standard.shape[1]]
    spare = np.zeros((len(standard), max(0, n_codes - standard.shape[1])))
    return np.hstack([standard[:, :n_codes], spare])


def _ideal_table(
    factors: IntArray,
    names: tuple[str, ...],
    kept: tuple[int, ...],
    n_codes: int,
    *,
    repeated: bool,
) -> CodeTable:
    codes = ideal_codes(factors[:, kept], n_codes, repeated=repeated)
    # A constant dimension keeps the prior: mean 0 and log-variance 0.
    log_variance = np.where(varying(codes), 2 * np.log(_IDEAL_DEVIATION), np.zeros_like(codes))
    return CodeTable(codes, factors, names, log_variance)
