"""What a protocol is: a metric with every choice made, under a name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from disbench.metrics.checking import CodesError
from disbench.metrics.table import CodeTable

Cost = Literal["seconds", "minutes", "hours"]
Representation = Literal["mean", "sampled"]
Spare = Literal["constant", "repeated"]


@dataclass(frozen=True, eq=False)
class Score:
    """What a protocol says of one table.

    Parameters
    ----------
    value
        The score, in the range of its protocol.
    n_points
        How many points the score rests on: rows of codes, or votes where a point is a vote.
    detail
        Named arrays behind the value, such as a matrix of dimensions by factors; may be empty.
    """

    value: float
    n_points: int
    detail: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Definition:
    """What every protocol states.

    Parameters
    ----------
    name
        'metric/variant'.
    version
        Raised whenever the same codes may score another value than before.
    title
        What is measured, in a line.
    citation
        Where it was defined.
    compute
        Called with what is scored, rng=rng and **arguments.
    arguments
        Every choice of the protocol.
    low, high
        The range of the value.
    higher_is_better
        The direction; None where neither is better.
    cost
        Time for 737,280 codes of 10 dimensions on one core: the largest unit it reaches.
    min_rows, min_factors
        The fewest rows and factors that a table may have.
    draws
        Whether another generator gives another value.
    uses_factors
        False for what is measured on the codes alone.
    uses_log_variance
        True where a Gaussian posterior is needed beside its mean.
    by_rows
        True where of the codes drawn rows alone are looked at, a few at a time: these may be
        gathered when they are asked for, and constant dimensions count for nothing.
    representations
        What the codes may be: posterior means, or one sample from each posterior.
    spare
        What ideal codes do with more dimensions than factors: leave them constant, or repeat
        factors, where the metric counts a constant dimension as a bad one.
    """

    name: str
    version: int
    title: str
    citation: str
    compute: Callable[..., Any]
    arguments: Mapping[str, object]
    low: float = 0.0
    high: float = 1.0
    higher_is_better: bool | None = True
    cost: Cost = "seconds"
    min_rows: int = 2
    min_factors: int = 1
    draws: bool = True
    uses_factors: bool = True
    uses_log_variance: bool = False
    by_rows: bool = False
    representations: tuple[Representation, ...] = ("mean", "sampled")
    spare: Spare = "constant"

    def _check(self, table: CodeTable) -> None:
        if table.n < self.min_rows:
            raise CodesError(
                f"the table has {table.n:,} rows; {self.name} needs at least {self.min_rows:,}"
            )
        if table.n_factors < self.min_factors:
            raise CodesError(
                f"the table has {table.n_factors} factors; {self.name} tells factors apart and "
                f"needs at least {self.min_factors}"
            )
        if self.uses_log_variance and table.log_variance is None:
            raise CodesError(
                f"the table has no log_variance; {self.name} needs that of a Gaussian posterior"
            )


@dataclass(frozen=True, eq=False)
class Protocol(_Definition):
    """A metric of one table, whose name says how a number came about: every argument is frozen."""

    def score(self, table: CodeTable, *, rng: np.random.Generator) -> Score:
        """Return this protocol's score of `table`.

        Raises
        ------
        CodesError
            For too few rows or factors, no log-variance where one is needed, or codes and factors
            on which the metric is not defined.
        """
        self._check(table)
        score: Score = self.compute(table, rng=rng, **self.arguments)
        return score


@dataclass(frozen=True, eq=False)
class GroupProtocol(_Definition):
    """A metric of several models' codes for the same inputs, which judges each by the others."""

    def scores(self, tables: Sequence[CodeTable], *, rng: np.random.Generator) -> tuple[Score, ...]:
        """Return one score a table; row i of every table must belong to the same input.

        Raises
        ------
        CodesError
            For fewer than two tables, different lengths, or a table that `Protocol.score` would
            refuse.
        """
        lengths = {table.n for table in tables}
        if len(tables) < 2 or len(lengths) > 1:  # noqa: PLR2004 - a model and another
            raise CodesError(
                f"{self.name} was given {len(tables)} tables of {sorted(lengths)} rows; it "
                "compares two or more models on the same rows"
            )
        for table in tables:
            self._check(table)
        scores: tuple[Score, ...] = self.compute(tables, rng=rng, **self.arguments)
        return scores
