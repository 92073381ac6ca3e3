"""Each protocol, on codes of the whole set."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from literal_metrics import LITERAL
from sklearn.exceptions import ConvergenceWarning
from timing import OURS, alternate

from disbench.dsprites import FULL
from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS
from disbench.metrics.table import CodeTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from machine import Setting
    from measurement import Measurement
    from numpy.typing import NDArray

    from disbench.dsprites import FactorGrid
    from disbench.metrics.protocol import GroupProtocol, Protocol

N_CODES = 10
N_MODELS = 3
"""That are judged by one another."""
NAMES = (*PROTOCOLS, *GROUP_PROTOCOLS)


def measure(setting: Setting, *, name: str) -> Measurement:
    """One score, beside the metric's literal form; of several models, the scores of three.

    Of `dci`, the literal form calls the same ensembles of scikit-learn. The floor is to copy each
    code and label that is looked at once: it says how much more than that a protocol computes, and
    for those that fit classifiers no more than that they do.
    """
    make_tables = table_maker(N_MODELS if name in GROUP_PROTOCOLS else 1)
    calls = {
        OURS: partial(score, name, make_tables),
        "literal form": partial(_literal, name, make_tables),
    }
    rounds = alternate(calls, seconds=setting.seconds / 4, warm_up=False)
    n_bytes = sum(_bytes_looked_at(_definition(name), table) for table in make_tables())
    return rounds.measurement(
        f"protocol/{name}",
        floor=n_bytes / setting.machine.bandwidth,
        ratios=(rounds.speed("literal form", work=LITERAL[name].work),),
    )


def score(name: str, make_tables: Callable[[], list[CodeTable]]) -> None:
    """Score tables that are made anew, so that nothing is left over from the score before."""
    tables, rng = make_tables(), np.random.default_rng(0)
    if name in GROUP_PROTOCOLS:
        GROUP_PROTOCOLS[name].scores(tables, rng=rng)
    else:
        [table] = tables
        PROTOCOLS[name].score(table, rng=rng)


def table_maker(
    n_tables: int = 1, *, n_codes: int = N_CODES, grid: FactorGrid = FULL
) -> Callable[[], list[CodeTable]]:
    """Makes the same tables again and again, which have nothing left over from the score before."""
    factors = grid.labels()
    codes = [_codes(factors, n_codes, seed) for seed in range(n_tables)]
    log_variance = np.full_like(codes[0], -2)
    return lambda: [CodeTable(own, factors, grid.factor_names, log_variance) for own in codes]


def rows_looked_at(arguments: Mapping[str, object], n: int, *, draws: bool) -> int:
    """How many rows a protocol of these arguments takes of a table of n, repetitions included."""
    takes_all = not draws or "n_samples" in arguments or arguments.get("n_scale", 0) is None
    if takes_all:
        return n
    counts = {key: value for key, value in arguments.items() if isinstance(value, int)}
    points = sum(counts.get(key, 0) for key in ("n_points", "n_train", "n_test"))
    return points * (2 * counts.get("n_pairs", 0) or counts.get("n_rows", 1))


def _definition(name: str) -> Protocol | GroupProtocol:
    return PROTOCOLS.get(name) or GROUP_PROTOCOLS[name]


def _bytes_looked_at(protocol: Protocol | GroupProtocol, table: CodeTable) -> int:
    row = table.codes[0].nbytes
    row += table.factors[0].nbytes if protocol.uses_factors else 0
    row += table.codes[0].nbytes if protocol.uses_log_variance else 0
    return row * rows_looked_at(protocol.arguments, table.n, draws=protocol.draws)


def _literal(name: str, make_tables: Callable[[], list[CodeTable]]) -> float:
    tables = make_tables()
    with warnings.catch_warnings():
        # Without a penalty a fit has no end; ours stops at the same limit.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LITERAL[name].score(tables if name in GROUP_PROTOCOLS else tables[0])


def _codes(factors: NDArray[np.int64], n_codes: int, seed: int) -> NDArray[np.float32]:
    """(n, n_codes) codes as a model might give them: factors, mixtures of factors, and noise."""
    rng = np.random.default_rng(seed)
    n, n_factors = factors.shape
    standard = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    mixed = standard @ rng.standard_normal((n_factors, n_codes)) / 4
    mixed[:, :n_factors] += standard[:, :n_codes]
    noise = rng.standard_normal((n, n_codes), dtype=np.float32)
    return mixed.astype(np.float32) + np.float32(0.3) * noise
