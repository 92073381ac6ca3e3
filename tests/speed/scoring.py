"""Each protocol that takes seconds, on codes of the whole set."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from literal_metrics import LITERAL
from timing import OURS, alternate

from disbench.dsprites import FULL
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from measurement import Measurement
    from numpy.typing import NDArray

    from disbench.metrics.protocol import Protocol

N_CODES = 10
FAST = tuple(name for name, protocol in PROTOCOLS.items() if protocol.cost == "seconds")


def measure(setting: Setting, *, name: str) -> Measurement:
    """One score, beside the metric's literal form where there is one.

    The floor of a protocol that looks at every row is to copy the codes and labels once.
    """
    protocol, make_table = PROTOCOLS[name], _table_maker()
    calls: dict[str, Callable[[], object]] = {OURS: partial(_score, protocol, make_table)}
    if name in LITERAL:
        calls["plain numpy"] = lambda: LITERAL[name](make_table())
    rounds = alternate(calls, seconds=setting.seconds / 4, warm_up=False)
    n_bytes = make_table().codes.nbytes + make_table().factors.nbytes
    floor = None if protocol.draws else n_bytes / setting.machine.bandwidth
    return rounds.measurement(f"protocol/{name}", floor=floor)


def _score(protocol: Protocol, make_table: Callable[[], CodeTable]) -> float:
    return protocol.score(make_table(), rng=np.random.default_rng(0)).value


def _table_maker() -> Callable[[], CodeTable]:
    """Makes one table again and again, which has nothing left over from the score before."""
    factors = FULL.labels()
    codes = _codes(factors)
    log_variance = np.full_like(codes, -2)
    return lambda: CodeTable(codes, factors, FULL.factor_names, log_variance)


def _codes(factors: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n, 10) codes as a model might give them: factors, mixtures of factors, and noise."""
    rng = np.random.default_rng(0)
    n, n_factors = factors.shape
    standard = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    mixed = standard @ rng.standard_normal((n_factors, N_CODES)) / 4
    mixed[:, :n_factors] += standard
    noise = rng.standard_normal((n, N_CODES), dtype=np.float32)
    return mixed.astype(np.float32) + np.float32(0.3) * noise
