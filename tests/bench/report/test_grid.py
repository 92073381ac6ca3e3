"""A cell has a text to read and a value to sort by."""

from __future__ import annotations

from math import inf, nan

import pandas as pd
import pytest

from disbench.report.grid import Cell, Column, Grid, grid_of


def _cells(frame: pd.DataFrame, *columns: Column) -> list[list[tuple[str, str]]]:
    return [list(map(tuple, row)) for row in grid_of(frame, columns, caption="").rows]


def test_only_the_columns_asked_for_stand_in_their_order() -> None:
    frame = pd.DataFrame({"a": [1.0], "b": ["x"], "c": [3]})
    columns = (Column("c", "third", "d"), Column("b", "second"))
    expected = Grid("A caption.", columns, ((Cell("3", "3.0"), Cell("x", "x")),))
    assert grid_of(frame, columns, caption="A caption.") == expected


def test_a_number_is_rounded_to_read_and_sorted_by_every_digit() -> None:
    frame = pd.DataFrame({"x": [0.1234567890123456, 1e-12, -2.0, inf, -inf]})
    assert _cells(frame, Column("x", "x", ".3f")) == [
        [("0.123", "0.1234567890123456")],
        [("0.000", "1e-12")],
        [("-2.000", "-2.0")],
        [("\u221e", "inf")],
        [("-\u221e", "-inf")],
    ]


def test_a_missing_value_is_a_dash_and_sorted_by_nothing() -> None:
    frame = pd.DataFrame({"x": [nan], "n": pd.array([pd.NA], "Int64"), "s": [None]})
    columns = [Column("x", "x", ".3f"), Column("n", "n", "d"), Column("s", "s", write=str)]
    assert _cells(frame, *columns) == [[("\u2013", "")] * 3]


def test_a_column_of_its_own_words_is_sorted_by_what_it_holds() -> None:
    frame = pd.DataFrame({"share": [0.25], "word": ["b"]})
    share = Column("share", "share (%)", ".1f", write=lambda value: f"{100 * float(value):.0f} %")  # type: ignore[arg-type]
    word = Column("word", "word", write=lambda value: f"<{value}>")
    assert _cells(frame, share, word) == [[("25 %", "0.25"), ("<b>", "b")]]


def test_counts_of_a_type_with_gaps_are_whole_numbers() -> None:
    frame = pd.DataFrame({"n": pd.array([1500, pd.NA], "Int64")})
    assert _cells(frame, Column("n", "n", ",d")) == [[("1,500", "1500.0")], [("\u2013", "")]]


@pytest.mark.parametrize(("form", "is_number"), [(None, False), ("d", True), (".3f", True)])
def test_a_column_with_a_form_is_one_of_numbers(form: str | None, *, is_number: bool) -> None:
    assert Column("x", "x", form).is_number is is_number


def test_no_rows_are_an_empty_grid() -> None:
    frame = pd.DataFrame(columns=["x"])
    assert grid_of(frame, [Column("x", "x")], caption="").rows == ()
