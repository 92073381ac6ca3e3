"""The published numbers that a study repeats, for the page and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from disbench.report.grid import Column, Grid, grid_of
from disbench.reproductions.beside import NOT_COMPARABLE, beside
from disbench.reproductions.reproduction import reproduction
from disbench.words import number

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from disbench.evidence import Evidence
    from disbench.study import Study

Row = dict["Hashable", Any]

CAPTION = (
    "Ours beside the published numbers. 'agrees': the whole 95 % interval of the difference lies "
    "within the tolerance, which is ours; 'differs': all of it lies beyond; 'open': neither. "
    "[mem]: from memory of the source."
)
DIGITS = {"reconstruction": ".2f", "kl": ".2f"}
"""Of quantities in nats; scores have three."""


@dataclass(frozen=True, eq=False)
class Published:
    """What a study repeats: the title, how we differ from the source, a row a published number."""

    title: str
    differences: tuple[str, ...]
    rows: pd.DataFrame

    def grid(self) -> Grid:
        """The table of the page."""
        columns = [
            Column("label", "setting"),
            Column("quantity", "quantity"),
            Column("published", "published"),
            Column("ours", "ours"),
            Column("n", "seeds", "d"),
            Column("difference", "difference"),
            Column("tolerance", "tolerance", "g"),
            Column("verdict", "verdict"),
            Column("citation", "source"),
        ]
        return grid_of(self.in_words(), columns, caption=CAPTION)

    def in_words(self) -> pd.DataFrame:
        """The rows, with the numbers as they are written and the reason beside the verdict."""
        records = self.rows.to_dict("records")
        return self.rows.assign(
            published=[published_number(row) for row in records],
            ours=[our_number(row) for row in records],
            difference=[difference_in_words(row) for row in records],
            verdict=[": ".join(filter(None, (row["verdict"], row["reason"]))) for row in records],
        )


def published_of(evidence: Evidence, studies: Mapping[str, Study]) -> Published | None:
    """What is published of the study of a single directory, None where there is nothing."""
    if len(studies) != 1 or len(evidence.sources) > 1:
        return None
    [study] = studies.values()
    found = reproduction(study.name)
    if found is None:
        return None
    return Published(found.title, found.differences, beside(found, evidence.tables))


def published_number(row: Row) -> str:
    """The published number, marked where it is from memory."""
    return _number(row, "published") + (" [mem]" if row["from_memory"] else "")


def our_number(row: Row) -> str:
    """Our number, a dash where there is none."""
    return _number(row, "ours")


def difference_in_words(row: Row) -> str:
    """The difference and its interval, which says nothing of what is not comparable.

    ``-0.012 [-0.034, +0.010]``
    """
    difference = _number(row, "difference", "+")
    if np.isnan(row["difference_low"]) or row["verdict"] == NOT_COMPARABLE:
        return difference
    low, high = (_number(row, name, "+") for name in ("difference_low", "difference_high"))
    return f"{difference} [{low}, {high}]"


def _number(row: Row, name: str, sign: str = "") -> str:
    return number(row[name], sign + DIGITS.get(row["quantity"], ".3f"))
