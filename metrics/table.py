"""Codes beside the factors they belong to, and draws from them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from disbench.metrics.arrays import FloatArray, IntArray
from disbench.metrics.checking import CodesError, checked_floats, checked_labels, checked_names

__all__ = ["CodeTable", "CodesError"]


class _Groups(NamedTuple):
    """Rows ordered by one factor: value v holds rows[start[v] : start[v] + size[v]]."""

    rows: IntArray
    start: IntArray
    size: IntArray


@dataclass(frozen=True, eq=False)
class CodeTable:
    """Row i holds the code of one input and the factors of variation it was made from.

    Draws treat the rows as the population. On a table with every factor combination once they have
    the distribution of the literature's draws of independent factors; on any other table they
    follow its empirical distribution.

    The constructor trusts its caller; `CodeTable.checked` is for input from outside.

    Parameters
    ----------
    codes
        (n, d) float32 or float64, finite.
    factors
        (n, k) labels; column j holds 0 .. n_values[j] - 1.
    factor_names
        k names.
    log_variance
        (n, d) log-variance of a Gaussian posterior whose mean is `codes`, where there is one.
    """

    codes: FloatArray
    factors: IntArray
    factor_names: tuple[str, ...]
    log_variance: FloatArray | None = None

    @classmethod
    def checked(
        cls,
        codes: ArrayLike,
        factors: ArrayLike,
        factor_names: Sequence[str] | None = None,
        log_variance: ArrayLike | None = None,
    ) -> Self:
        """Return a table of validated input; any discrete factor values become labels.

        Raises
        ------
        CodesError
            For a wrong rank, different lengths, entries that are not numbers, NaN or infinity
            (with count and first place), a factor with one value or without a repeated one.
        """
        codes = checked_floats(codes, "codes")
        factors = np.asarray(factors)
        names = checked_names(factor_names, factors.shape[1] if factors.ndim > 1 else 1)
        labels = checked_labels(factors, names)
        if len(labels) != len(codes):
            raise CodesError(
                f"codes have {len(codes):,} rows and factors {len(labels):,}; pass one row of "
                "factors for each row of codes"
            )
        if log_variance is not None:
            log_variance = checked_floats(log_variance, "log-variances")
            if log_variance.shape != codes.shape:
                raise CodesError(
                    f"log_variance has shape {log_variance.shape}; pass the shape of the codes, "
                    f"{codes.shape}"
                )
        return cls(codes, labels, names, log_variance)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def n_codes(self) -> int:
        """Number of code dimensions."""
        return int(self.codes.shape[1])

    @property
    def n_factors(self) -> int:
        """Number of factors."""
        return int(self.factors.shape[1])

    @cached_property
    def n_values(self) -> tuple[int, ...]:
        """Number of values of each factor."""
        return tuple(int(largest) + 1 for largest in self.factors.max(axis=0))

    @cached_property
    def _groups(self) -> tuple[_Groups, ...]:
        return tuple(
            _grouped(self.factors[:, j], n_values) for j, n_values in enumerate(self.n_values)
        )

    def without_factors(self, names: Collection[str]) -> Self:
        """Return the table less the factors of these names; names that it has not are no error.

        Raises
        ------
        CodesError
            Where no factor is left.
        """
        kept = [j for j, name in enumerate(self.factor_names) if name not in names]
        if not kept:
            raise CodesError(f"no factor is left without {', '.join(names)}; pass others")
        return replace(
            self,
            factors=self.factors[:, kept],
            factor_names=tuple(self.factor_names[j] for j in kept),
        )

    def sample_rows(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Return `n` rows drawn uniformly with replacement."""
        return rng.integers(self.n, size=n)

    def partners(self, rows: IntArray, factor: int, *, rng: np.random.Generator) -> IntArray:
        """Return, for each row, a uniformly drawn row that shares its value of `factor`.

        The result has the shape of `rows`. A row may be its own partner, as in independent draws.
        """
        return self.rows_with_value(factor, self.factors[rows, factor], rng=rng)

    def rows_with_value(
        self, factor: int, values: IntArray, *, rng: np.random.Generator
    ) -> IntArray:
        """Return, for each label in `values`, a uniformly drawn row with that value of `factor`."""
        groups = self._groups[factor]
        # Scaling uniform doubles is several times faster than bounded integers with array bounds;
        # the product never rounds up to the size itself, since every double drawn is below 1.
        place = (rng.random(values.shape) * groups.size[values]).astype(np.intp)
        rows: IntArray = groups.rows[groups.start[values] + place]
        return rows

    def rows_by_value(self, factor: int) -> list[IntArray]:
        """Return, for each value of `factor` in order, the rows that have it."""
        groups = self._groups[factor]
        return np.split(groups.rows, groups.start[1:])

    def take(self, rows: IntArray) -> Self:
        """Return the table of these rows, in this order, repetitions included."""
        log_variance = None if self.log_variance is None else self.log_variance[rows]
        return replace(
            self, codes=self.codes[rows], factors=self.factors[rows], log_variance=log_variance
        )

    def sample(self, n: int, *, rng: np.random.Generator) -> Self:
        """Return a table of `n` rows drawn uniformly with replacement."""
        return self.take(self.sample_rows(n, rng=rng))

    def shuffled(self, *, rng: np.random.Generator) -> Self:
        """Return the same codes beside the same factor rows in random order."""
        return replace(self, factors=self.factors[rng.permutation(self.n)])


def _grouped(labels: IntArray, n_values: int) -> _Groups:
    # A stable sort of 16-bit integers is a radix sort: linear in the number of rows.
    keys = labels.astype(np.uint16) if n_values <= np.iinfo(np.uint16).max else labels
    size = np.bincount(labels, minlength=n_values)
    rows: IntArray = np.argsort(keys, kind="stable").astype(np.min_scalar_type(len(labels)))
    return _Groups(rows, np.cumsum(size) - size, size)
