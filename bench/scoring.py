"""Codes in, scores out: one for each protocol, each with its floor and ceiling."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from disbench.dsprites import FULL, GRIDS
from disbench.errors import DataError
from disbench.hardware import one_thread
from disbench.metrics.calibration import ceiling, noise_floor
from disbench.metrics.protocols import PROTOCOLS, find
from disbench.metrics.table import CodeTable
from disbench.records import ScoreRecord
from disbench.seeds import generator, stream_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from disbench.encoding import Codes
    from disbench.metrics.protocols import Protocol

DEFAULT_PROTOCOLS = ("beta_vae/locatello2019", "mig/locatello2019", "mig/exact")


def score_codes(
    codes: Codes, protocols: Iterable[Protocol], *, identity: str, seed: int = 0
) -> list[ScoreRecord]:
    """Scores of the mean representation of a run's codes, drawn from the run's own streams."""
    table = CodeTable(codes.mean, codes.grid.labels(), codes.grid.factor_names, codes.log_variance)
    ceilings = {p.name: _ceiling_on_grid(p.name, codes.grid.name, table.n_codes) for p in protocols}
    with one_thread():
        return [
            _record(table, protocol, ceilings[protocol.name], identity=identity, seed=seed)
            for protocol in protocols
        ]


def score(
    codes: ArrayLike,
    factors: ArrayLike | None = None,
    *,
    protocols: Sequence[str] = DEFAULT_PROTOCOLS,
    factor_names: Sequence[str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Score any codes (n, d) by named protocols: a row each, with its floor and ceiling.

    `factors` is (n, k), one discrete value a factor; without it the n rows are the 737,280
    images of dSprites in the official order. The same arguments give the same bits.

    Raises `CodesError` for codes or factors that cannot be scored, `UnknownProtocolError` for a
    name that is none, and `DataError` for codes without factors that are not the dSprites grid.
    """
    found = find(protocols)
    if factors is None:
        factors, factor_names = _dsprites_factors(codes), FULL.factor_names
    table = CodeTable.checked(codes, factors, factor_names)
    identity = "score"
    with one_thread():
        records = [
            _record(table, p, _ceiling(p, table, seed), identity=identity, seed=seed) for p in found
        ]
    return pd.DataFrame([record.model_dump() for record in records])


def _record(
    table: CodeTable, protocol: Protocol, highest: float, *, identity: str, seed: int
) -> ScoreRecord:
    # Each protocol draws from its own stream, so a score does not depend on what else is scored.
    stream = f"{identity}/mean/{protocol.name}/{seed}"
    value = protocol.score(table, rng=generator(stream_key(stream, "value")))
    floor = noise_floor(protocol, table, rng=generator(stream_key(stream, "floor")))
    return ScoreRecord(
        representation="mean",
        protocol=protocol.name,
        protocol_version=protocol.version,
        value=value.value,
        floor=floor,
        ceiling=highest,
        n_points=value.n_points,
        seed=seed,
    )


def _ceiling(protocol: Protocol, table: CodeTable, seed: int) -> float:
    rng = generator(stream_key(f"ceiling/{protocol.name}/{seed}", "value"))
    return ceiling(protocol, table, table.n_codes, rng=rng)


@lru_cache(maxsize=1024)
def _ceiling_on_grid(protocol: str, grid: str, n_codes: int) -> float:
    """The ceiling of every run with this evaluation: it depends on nothing that is trained."""
    labels = GRIDS[grid].labels()
    rng = generator(stream_key(f"ceiling/{protocol}/0", "value"))
    with one_thread():
        return ceiling(PROTOCOLS[protocol], labels, n_codes, rng=rng)


def _dsprites_factors(codes: ArrayLike) -> ArrayLike:
    n = len(codes)  # type: ignore[arg-type]
    if n != FULL.n:
        raise DataError(
            f"there are {n:,} codes and no factors; codes without factors must be those of the "
            f"{FULL.n:,} images of dSprites in the official order: give the factors of each row"
        )
    return FULL.labels()
