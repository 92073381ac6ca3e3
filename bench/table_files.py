"""Tables from .csv and .parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from disbench.errors import DataError
from disbench.foreign import check_declared

if TYPE_CHECKING:
    from pathlib import Path

ITEM = 8
"""Bytes of a value in memory: of a number, or of the pointer to a word."""

BLOCK = 2**20

MOST_COLUMNS = 20_000
"""Each takes pandas a while, however few rows there are; a study has 1,024 dimensions at most."""


def read_csv(path: Path) -> pd.DataFrame:
    """The table of a .csv file whose first line names the columns."""
    _check_width(path, _n_commas(path) + 1)
    head = pd.read_csv(path, nrows=0)
    _refuse_numbers_for_names(path, head)
    # A line that ends early is filled with missing values. In memory a value takes 8 bytes, in the
    # file at least the one that ends it.
    shape = (_n_lines(path), len(head.columns))
    check_declared(path, shape, ITEM, stored=path.stat().st_size, ratio=ITEM)
    return pd.read_csv(path)


def read_parquet(path: Path) -> pd.DataFrame:
    """The table of a .parquet file, of plain columns.

    Raises `DataError` where pyarrow is not there to read it.
    """
    try:
        from pyarrow import lib, parquet  # noqa: PLC0415 - an extra
    except ImportError:
        raise DataError(
            f"{path}: reading .parquet takes pyarrow: pip install 'disbench[parquet]'"
        ) from None
    try:
        return _read_parquet(path, parquet)
    except lib.ArrowException as error:
        raise DataError(f"{path} cannot be read as .parquet: {error}") from None


def _read_parquet(path: Path, parquet: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow has no types
    """The table, once its footer is found to be of this world."""
    size = path.stat().st_size
    with parquet.ParquetFile(path) as file:
        words = _words(path, file.metadata)
        check_declared(path, (file.metadata.num_rows, file.metadata.num_columns), ITEM, stored=size)
    # A word that stands in many rows is stored once, and takes its place in each of them here.
    with parquet.ParquetFile(path, read_dictionary=words) as file:
        table = file.read()
    check_declared(path, (sum(_n_bytes(table[name]) for name in words),), 1, stored=size)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _words(path: Path, found: Any) -> list[str]:  # noqa: ANN401
    """The columns of words; a `DataError` where there are columns of more than a value a cell."""
    _check_width(path, found.num_columns)
    columns = [found.schema.column(i) for i in range(found.num_columns)]
    if any(c.max_repetition_level or c.path != c.name for c in columns):
        raise DataError(f"{path} has columns of lists or records; expected one value a cell")
    return [column.name for column in columns if column.physical_type == "BYTE_ARRAY"]


def _n_bytes(column: Any) -> int:  # noqa: ANN401 - a ChunkedArray of pyarrow, which has no types
    """The length of all words of a column together."""
    from pyarrow import compute  # noqa: PLC0415 - an extra

    lengths = (
        compute.take(compute.binary_length(chunk.dictionary), chunk.indices)
        for chunk in column.chunks
    )
    return sum(compute.sum(length).as_py() or 0 for length in lengths)


def _check_width(path: Path, n_columns: int) -> None:
    if n_columns > MOST_COLUMNS:
        raise DataError(f"{path} has {n_columns:,} columns; at most {MOST_COLUMNS:,} are read")


def _n_commas(path: Path) -> int:
    """How many there are in the first line, as far as that matters."""
    with path.open("rb") as file:
        return file.readline(64 * BLOCK).count(b",")


def _n_lines(path: Path) -> int:
    """How many lines there are, at most."""
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(BLOCK), b"")
        return 1 + sum(block.count(b"\n") + block.count(b"\r") for block in blocks)


def _refuse_numbers_for_names(path: Path, head: pd.DataFrame) -> None:
    """A file without a header would lose its first row."""
    if len(head.columns) and all(_is_number(str(name)) for name in head.columns):
        raise DataError(
            f"{path}: the first line is numbers ({head.columns[0]}, ...); expected the names of "
            "the columns there"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
