"""Codes in, scores out: one for each protocol, each with its floor and ceiling."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from disbench.discrete import discretised
from disbench.dsprites import FULL
from disbench.errors import DataError
from disbench.metrics.calibration import ceiling, noise_floor
from disbench.metrics.checking import checked_names
from disbench.metrics.protocols import PROTOCOLS, find
from disbench.metrics.table import CodeTable
from disbench.records import ScoreRecord
from disbench.seeds import generator, stream_key
from disbench.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from disbench.datasets.grid import Grid
    from disbench.encoding import Codes
    from disbench.metrics.protocol import Protocol, Representation

COLUMNS = (
    "protocol",
    "protocol_version",
    "value",
    "floor",
    "ceiling",
    "calibrated",
    "n_points",
    "seed",
)
DEFAULT_PROTOCOLS = ("beta_vae/locatello2019", "mig/locatello2019", "mig/exact")

WIDEST = 1024
"""Dimensions of the codes that a network has at most, and that all of a grid are kept of."""


class Question(NamedTuple):
    """What is asked of a run's codes; `seed` numbers the repetitions of a protocol that draws."""

    protocol: Protocol
    representation: Representation
    seed: int

    @property
    def key(self) -> tuple[str, int, str, int]:
        """What its answer is found by."""
        return (self.protocol.name, self.protocol.version, self.representation, self.seed)


class Answer(NamedTuple):
    """A score, and named arrays behind it, such as a matrix of dimensions by factors."""

    record: ScoreRecord
    detail: Mapping[str, NDArray[Any]]


def questions(
    protocols: Iterable[Protocol],
    representations: Iterable[Representation],
    *,
    repeats: int,
    variational: bool,
    wide: bool = False,
) -> tuple[Question, ...]:
    """All that can be asked: without a posterior there is no sample, and no protocol needs one.

    Of codes too `wide` to be in memory only those are asked that look at drawn rows alone.
    """
    return tuple(
        Question(protocol, representation, seed)
        for protocol, representation in product(protocols, representations)
        if representation in protocol.representations
        and (protocol.by_rows or not wide)
        and (variational or (representation == "mean" and not protocol.uses_log_variance))
        for seed in range(repeats if protocol.draws else 1)
    )


def score_codes(codes: Codes, asked: Iterable[Question], *, identity: str) -> list[Answer]:
    """The answers of a run's codes, drawn from the run's own streams."""
    tables = _tables(codes, identity)
    with one_thread():
        return [
            _answer(
                tables[question.representation],
                question,
                _ceiling_on_grid(question.protocol.name, codes.grid, _n_ideal(codes)),
                identity=identity,
            )
            for question in asked
        ]


def score(
    codes: ArrayLike,
    factors: ArrayLike | None = None,
    *,
    protocols: Sequence[str] = DEFAULT_PROTOCOLS,
    factor_names: Sequence[str] | None = None,
    log_variance: ArrayLike | None = None,
    seed: int = 0,
    repeats: int = 1,
) -> pd.DataFrame:
    """Score any codes (n, d) by named protocols: a row each, with its floor and ceiling.

    `factors` is (n, k); without it the n rows are the 737,280 images of dSprites in the official
    order. A continuous factor is cut into bins (`disbench.discrete`), which the column
    `binned_factors` records. `log_variance` (n, d) is that of Gaussian posteriors whose means are
    the codes, for the protocols that need it. `calibrated` is 0 at the floor and 1 at the ceiling.
    A protocol that draws is scored with the seeds `seed` to `seed + repeats - 1`. The same
    arguments give the same bits.

    Raises `CodesError` for codes or factors that cannot be scored, `UnknownProtocolError` for a
    name that is none, and `DataError` for codes without factors that are not the dSprites grid.
    """
    return score_arrays(
        codes,
        factors,
        protocols=protocols,
        factor_names=factor_names,
        log_variance=log_variance,
        seed=seed,
        repeats=repeats,
    ).frame


class Scored(NamedTuple):
    """What `score` returns, the arrays behind each row, and the names of the factors it binned."""

    frame: pd.DataFrame
    details: tuple[Mapping[str, NDArray[Any]], ...]
    binned: tuple[str, ...]


def score_arrays(
    codes: ArrayLike,
    factors: ArrayLike | None,
    *,
    protocols: Sequence[str],
    factor_names: Sequence[str] | None = None,
    log_variance: ArrayLike | None = None,
    seed: int = 0,
    repeats: int = 1,
) -> Scored:
    """What `score` does, with all that there is to know."""
    found = find(protocols)
    table, binned = _table(codes, factors, factor_names, log_variance)
    asked = [
        Question(protocol, "mean", one)
        for protocol in found
        for one in range(seed, seed + (repeats if protocol.draws else 1))
    ]
    with one_thread():
        answers = [_answer(table, q, _ceiling(q, table), identity="score") for q in asked]
    rows = [{**a.record.model_dump(), "calibrated": a.record.calibrated} for a in answers]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).assign(binned_factors=" ".join(binned))
    return Scored(frame, tuple(answer.detail for answer in answers), binned)


def _answer(table: CodeTable, question: Question, highest: float, *, identity: str) -> Answer:
    protocol, representation, seed = question
    # Each protocol draws from its own stream, so a score does not depend on what else is scored.
    stream = f"{identity}/{representation}/{protocol.name}/{seed}"
    found = protocol.score(table, rng=generator(stream_key(stream, "value")))
    record = ScoreRecord(
        representation=representation,
        protocol=protocol.name,
        protocol_version=protocol.version,
        value=found.value,
        floor=noise_floor(protocol, table, rng=generator(stream_key(stream, "floor"))),
        ceiling=highest,
        n_points=found.n_points,
        seed=seed,
    )
    return Answer(record, found.detail)


def _tables(codes: Codes, identity: str) -> dict[Representation, CodeTable]:
    """The representations of a run: the posterior means and, of a VAE, one sample of each."""
    labels, names = codes.grid.labels(), codes.grid.factor_names
    means = CodeTable(codes.mean, labels, names, codes.log_variance)
    if codes.log_variance is None:
        return {"mean": means}
    rng = generator(stream_key(identity, "sampled representation"))
    noise = rng.standard_normal(codes.mean.shape, dtype=np.float32)
    samples = codes.mean + np.exp(0.5 * codes.log_variance) * noise
    return {"mean": means, "sampled": CodeTable(samples, labels, names)}


def _ceiling(question: Question, table: CodeTable) -> float:
    rng = generator(stream_key(f"ceiling/{question.protocol.name}/{question.seed}", "value"))
    return ceiling(question.protocol, table, table.n_codes, rng=rng)


def _n_ideal(codes: Codes) -> int:
    """How many dimensions ideal codes have: as many, or of wide ones as many as there are factors.

    Further ones would be constant, and 24 GB. To the protocols that are asked of wide codes they
    are as none: a constant dimension does not vote, and gives a linear classifier no gradient.
    """
    n_codes = codes.mean.shape[1]
    return n_codes if n_codes <= WIDEST else codes.grid.n_factors


@lru_cache(maxsize=1024)
def _ceiling_on_grid(protocol: str, grid: Grid, n_codes: int) -> float:
    """The ceiling of every run with this evaluation: it depends on nothing that is trained."""
    labels = grid.labels()
    ideal = CodeTable(np.zeros((len(labels), n_codes)), labels, grid.factor_names)
    return _ceiling(Question(PROTOCOLS[protocol], "mean", 0), ideal)


def _table(
    codes: ArrayLike,
    factors: ArrayLike | None,
    factor_names: Sequence[str] | None,
    log_variance: ArrayLike | None,
) -> tuple[CodeTable, tuple[str, ...]]:
    if factors is None:
        labels, names = _dsprites_labels(codes), FULL.factor_names
        return CodeTable.checked(codes, labels, names, log_variance), ()
    raw = np.asarray(factors)
    if raw.ndim != 2:  # noqa: PLR2004 - refused there, in the words for every wrong shape
        return CodeTable.checked(codes, raw, factor_names, log_variance), ()
    names = checked_names(factor_names, raw.shape[1])
    discrete, binned = discretised(raw, names)
    return CodeTable.checked(codes, discrete, names, log_variance), binned


def _dsprites_labels(codes: ArrayLike) -> NDArray[np.int64]:
    n = np.shape(codes)[0] if np.ndim(codes) else 0
    if n != FULL.n:
        raise DataError(
            f"there are {n:,} codes and no factors; codes without factors must be those of the "
            f"{FULL.n:,} images of dSprites in the official order: give the factors of each row"
        )
    return FULL.labels()
