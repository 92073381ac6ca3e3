"""A table is no larger in memory than its file makes believable."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from disbench import table_files
from disbench.code_files import Source
from disbench.errors import DataError


def test_lines_that_end_early_may_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(",".join(f"z{d}" for d in range(5_000)) + "\n" + "0\n" * 20_000)
    with pytest.raises(DataError, match=r"codes\.csv declares 20,002 x 5,000 values"):
        Source(path).read()


def test_short_table_with_many_empty_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("a,b,c\n1,2,3\n" + "\n" * 1000)
    assert Source(path).read().array.tolist() == [[1, 2, 3]]


def test_constant_columns_are_read_and_absurd_ones_are_refused(tmp_path: Path) -> None:
    """Runs of one value take no bytes, however long they are."""
    path = tmp_path / "codes.parquet"
    for n, is_read in ((737_280, True), (20_000_000, False)):
        columns = [pa.DictionaryArray.from_arrays(np.zeros(n, np.int8), [0.0])] * 4
        table = pa.table(dict(zip("abcd", columns, strict=True)))
        parquet.write_table(table, path, row_group_size=n)
        if is_read:
            assert Source(path).read().array.shape == (n, 4)
        else:
            with pytest.raises(DataError, match="20,000,000 x 4 values, 640,000,000 bytes"):
                Source(path).read()


@pytest.mark.parametrize(
    "column", [[[0.5], [0.5, 1]], [{"a": 1}, {"a": 2}], [[{"a": 1}], [{"a": 2}]]]
)
def test_lists_and_records_are_refused(column: list[object], tmp_path: Path) -> None:
    path = tmp_path / "codes.parquet"
    parquet.write_table(pa.table({"z": column}), path)
    with pytest.raises(DataError, match="has columns of lists or records"):
        Source(path).read()


def test_words_of_parquet_are_read_with_the_gaps_between_them(tmp_path: Path) -> None:
    path = tmp_path / "factors.parquet"
    pd.DataFrame({"shape": ["heart", None, "square"] * 2, "scale": range(6)}).to_parquet(path)
    shape = Source(path, columns=["shape"]).read().array[:, 0]
    assert shape[[0, 2, 3, 5]].tolist() == ["heart", "square"] * 2
    assert pd.isna(shape[[1, 4]]).all()


def test_word_that_would_fill_the_memory_row_by_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "factors.parquet"
    word = np.random.default_rng(0).bytes(50_000).hex()
    rows = pa.DictionaryArray.from_arrays(np.zeros(10**6, np.int32), [word])
    parquet.write_table(pa.table({"shape": rows}), path)
    with pytest.raises(DataError, match=r"declares 100,000,000,000 values"):
        Source(path).read()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_table_of_very_many_columns_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"codes{suffix}"
    names = [f"z{d}" for d in range(20_001)]
    if suffix == ".csv":
        path.write_text(",".join(names) + "\n")
    else:
        parquet.write_table(pa.table({name: [0.5] for name in names}), path)
    with pytest.raises(DataError, match="has 20,001 columns; at most 20,000 are read"):
        Source(path).read()


def test_folder_that_looks_like_a_partition_adds_no_column(tmp_path: Path) -> None:
    path = tmp_path / "a=1" / "codes.parquet"
    path.parent.mkdir()
    pd.DataFrame({"z": [0.5, 1.5]}).to_parquet(path)
    assert Source(path).read().names == ("z",)


def test_of_very_many_columns_some_are_named(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    pd.DataFrame(np.zeros((2, 50))).add_prefix("z").to_csv(path, index=False)
    with pytest.raises(DataError, match=r"it has z0, .*, z19 and 30 more$"):
        Source(path, columns=["no"]).read()


def test_column_that_is_repeated_without_a_group_is_refused(tmp_path: Path) -> None:
    """Old writers made lists so; pyarrow reads them and writes none."""
    column = SimpleNamespace(name="z", path="z", max_repetition_level=1, physical_type="DOUBLE")
    footer = SimpleNamespace(num_columns=1, schema=SimpleNamespace(column=lambda _: column))
    with pytest.raises(DataError, match="has columns of lists or records"):
        table_files._words(tmp_path, footer)


def test_error_that_arrow_has_no_name_for_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it says that a type in the metadata is none, for example."""

    def fail(*_: object, **__: object) -> None:
        raise pa.lib.ArrowException("Unknown error: Wrapping x failed")

    (tmp_path / "codes.parquet").touch()
    monkeypatch.setattr(parquet, "ParquetFile", fail)
    with pytest.raises(DataError, match=r"cannot be read as \.parquet: Unknown error"):
        Source(tmp_path / "codes.parquet").read()
