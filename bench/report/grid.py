"""A frame as the page shows it: text in cells, and a value to sort each by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from disbench.words import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True)
class Column:
    """A column of a frame: its name there, on the page, and how a value is written.

    `form` is a format specification for a number, or None for text.
    """

    name: str
    label: str
    form: str | None = None
    write: Callable[[object], str] | None = None

    @property
    def is_number(self) -> bool:
        """Whether the column is aligned and sorted as numbers."""
        return self.form is not None

    def text(self, value: object) -> str:
        """The value as text, a dash where there is none."""
        if pd.isna(value):  # type: ignore[call-overload]
            return "\u2013"
        if self.write is not None:
            return self.write(value)
        if isinstance(value, float) and self.form is not None:
            return number(value, self.form)
        return str(value) if self.form is None else format(value, self.form)


class Cell(NamedTuple):
    """The text of a cell, and what it is sorted by."""

    text: str
    value: str


@dataclass(frozen=True)
class Grid:
    """A table of the page; the first column heads its rows."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def grid_of(frame: pd.DataFrame, columns: Iterable[Column], *, caption: str) -> Grid:
    """These columns of a frame, row by row."""
    shown = tuple(columns)
    records = frame[[column.name for column in shown]].itertuples(index=False)
    rows = tuple(_cells(shown, record) for record in records)
    return Grid(caption, shown, rows)


def _cells(columns: Sequence[Column], record: Iterable[object]) -> tuple[Cell, ...]:
    return tuple(
        Cell(column.text(value), _sorted_by(value, column))
        for column, value in zip(columns, record, strict=True)
    )


def _sorted_by(value: object, column: Column) -> str:
    """What a script compares: every digit of a number, nothing where there is none."""
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    return repr(float(value)) if column.is_number else str(value)  # type: ignore[arg-type]
