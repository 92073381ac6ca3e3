"""What the dimensions of every run cost, and which factor each carries, as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.columns import frame_of
from disbench.tables import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from disbench.finished import FinishedRun
    from disbench.information import Information


def tabulate_dimensions(runs: Iterable[FinishedRun]) -> pd.DataFrame:
    """A row for each dimension of each run: its KL, its rank by that, and what it tells most of.

    Without a posterior there is no KL, and the rank is by the share; without a protocol that asks
    for mutual information there is no factor.
    """
    rows = (names_of(run) | row for run in runs for row in _dimension_rows(run))
    return frame_of("dimensions", rows)


def tabulate_factors(runs: Iterable[FinishedRun]) -> pd.DataFrame:
    """A row for each factor of each run: the dimension that tells most of it, and how much."""
    rows = (
        names_of(run) | row
        for run in runs
        if run.information is not None
        for row in _factor_rows(run.information)
    )
    return frame_of("factors", rows)


def _dimension_rows(run: FinishedRun) -> Iterable[dict[str, object]]:
    if (information := run.information) is not None:
        ranked = enumerate(information.order, start=1)
        return (_dimension_row(information, rank, dimension) for rank, dimension in ranked)
    kl = () if run.evaluation is None else run.evaluation.evaluation.kl_by_dimension or ()
    ordered = sorted(enumerate(kl), key=lambda pair: -pair[1])
    return ({"dimension": d, "rank": i, "kl": k} for i, (d, k) in enumerate(ordered, start=1))


def _dimension_row(information: Information, rank: int, dimension: int) -> dict[str, object]:
    best = int(information.shares[dimension].argmax())
    return {
        "dimension": dimension,
        "rank": rank,
        "kl": None if information.kl is None else information.kl[dimension],
        "factor": information.factors[best],
        "share": information.shares[dimension, best],
    }


def _factor_rows(information: Information) -> Iterable[dict[str, object]]:
    for k, factor in enumerate(information.factors):
        best = int(information.shares[:, k].argmax())
        yield {"factor": factor, "dimension": best, "share": information.shares[best, k]}
