"""Codes and factors from files."""

import pickle
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from disbench.code_files import Source
from disbench.errors import DataError

CODES = np.random.default_rng(0).normal(size=(7, 3))


def write(path: Path, codes: np.ndarray) -> Path:
    frame = pd.DataFrame(codes, columns=[f"z{d}" for d in range(codes.shape[1])])
    match path.suffix:
        case ".npy":
            np.save(path, codes)
        case ".npz":
            np.savez(path, codes=codes)
        case ".csv":
            frame.to_csv(path, index=False)
        case ".parquet":
            frame.to_parquet(path)
        case _:
            with h5py.File(path, "w") as file:
                file["codes"] = codes
    return path


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5", ".hdf5", ".csv", ".parquet"])
def test_every_format_gives_back_the_same_bits(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"codes{suffix}", CODES)
    np.testing.assert_array_equal(Source(path).read().array, CODES)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns_are_taken_by_name_and_in_the_order_asked_for(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"codes{suffix}", CODES)
    read = Source(path, columns=["z2", "z0"]).read()
    assert read.names == ("z2", "z0")
    np.testing.assert_array_equal(read.array, CODES[:, [2, 0]])


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_one_of_several_arrays_is_chosen_by_its_key(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"all{suffix}"
    if suffix == ".npz":
        np.savez(path, a=CODES, b=CODES + 1)
    else:
        with h5py.File(path, "w") as file:
            file["a"], file["b"] = CODES, CODES + 1
    np.testing.assert_array_equal(Source(path, key="b").read().array, CODES + 1)
    with pytest.raises(DataError, match=r"several arrays, name one; it has a, b"):
        Source(path).read()
    with pytest.raises(DataError, match=r"has no 'c'; it has a, b"):
        Source(path, key="c").read()


def test_words_in_a_table_stay_words(tmp_path: Path) -> None:
    pd.DataFrame({"shape": ["heart", "square"]}).to_csv(tmp_path / "f.csv", index=False)
    assert Source(tmp_path / "f.csv").read().array[:, 0].tolist() == ["heart", "square"]


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = write(tmp_path / "codes.csv", CODES)
    with pytest.raises(DataError, match=r"no column 'z9'; it has z0, z1, z2"):
        Source(path, columns=["z9"]).read()


def test_a_table_without_a_header_is_refused_before_it_loses_its_first_row(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "codes.csv", CODES, delimiter=",")
    with pytest.raises(DataError, match="first line is numbers"):
        Source(tmp_path / "codes.csv").read()


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5", ".csv", ".parquet"])
def test_a_file_of_garbage_is_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"codes{suffix}"
    path.write_bytes(b"\x93\x00\xff garbage" * 5)
    with pytest.raises(DataError, match=f"codes{suffix} cannot be read as {suffix}"):
        Source(path).read()


class Malicious:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return Path.touch, (self.path,)


def test_a_pickle_in_an_array_file_is_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    np.save(tmp_path / "codes.npy", np.array([[Malicious(trace)]], dtype=object))
    with pytest.raises(DataError, match="holds entries of type object"):
        Source(tmp_path / "codes.npy").read()
    assert not trace.exists()
    pickle.loads(pickle.dumps(Malicious(trace)))  # noqa: S301 - it would have run
    assert trace.exists()


@pytest.mark.parametrize(
    ("suffix", "choice"),
    [
        (".npy", {"key": "a"}),
        (".npy", {"columns": ["a"]}),
        (".npz", {"columns": ["a"]}),
        (".csv", {"key": "a"}),
    ],
)
def test_a_choice_that_the_format_does_not_have_is_refused(
    tmp_path: Path, suffix: str, choice: dict[str, object]
) -> None:
    path = write(tmp_path / f"codes{suffix}", CODES)
    with pytest.raises(DataError, match="file has no"):
        Source(path, **choice).read()  # type: ignore[arg-type]


def test_another_format_is_refused_with_those_that_are_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a file of the format \.npy.*not '\.pt'"):
        Source(tmp_path / "codes.pt").read()


@pytest.mark.parametrize("name", ["codes.npy", "n" * 5000 + ".npy", "a\0b.npy", "folder.npy"])
def test_a_file_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(DataError, match="there is no file"):
        Source(tmp_path / name).read()
