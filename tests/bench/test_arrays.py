"""Named arrays in an HDF5 file."""

from pathlib import Path

import numpy as np
import pytest

from disbench.arrays import read_array, read_arrays, write_arrays
from disbench.errors import StoreError


def test_arrays_come_back_with_their_names_types_and_values(tmp_path: Path) -> None:
    arrays = {
        "mig/exact/gap": np.array([0.1, np.nan]),
        "grey": np.arange(6, dtype=np.uint8).reshape(2, 3),
        "scalar": np.array(0.25),
    }
    write_arrays(tmp_path / "a.h5", arrays)
    back = read_arrays(tmp_path / "a.h5")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)
        assert np.asarray(back[name]).dtype == array.dtype


def test_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        write_arrays(tmp_path / name, {"x": np.arange(10)})
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert read_arrays(tmp_path / "none.h5") == {}
    assert read_array(tmp_path / "none.h5", "x") is None


def test_one_array_comes_back_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    write_arrays(path, {"mig/gap": np.array([0.1, np.nan]), "scalar": np.array(0.25)})
    found = read_array(path, "mig/gap")
    assert found is not None
    np.testing.assert_array_equal(found, [0.1, np.nan])
    assert read_array(path, "scalar") == 0.25


@pytest.mark.parametrize("name", ["other", "mig", "mig/gap/further", "mig/other"])
def test_name_without_an_array_holds_nothing(name: str, tmp_path: Path) -> None:
    """A group of arrays is none."""
    write_arrays(tmp_path / "a.h5", {"mig/gap": np.ones(2)})
    assert read_array(tmp_path / "a.h5", name) is None


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    write_arrays(path, {"x": np.arange(3)})
    with pytest.raises(TypeError):
        write_arrays(path, {"y": np.array([object()])})
    assert read_arrays(path)["x"].tolist() == [0, 1, 2]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.h5"]


@pytest.mark.parametrize("kept", [0, 100, 1500])
def test_damaged_file_is_named_with_what_to_do(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    write_arrays(path, {"x": np.arange(10_000)})
    path.write_bytes(path.read_bytes()[:kept])
    for read in (read_arrays, lambda path: read_array(path, "x")):
        with pytest.raises(StoreError, match="is not what disbench wrote") as refusal:
            read(path)
        assert str(path) in str(refusal.value)
        assert f"move {tmp_path} away" in str(refusal.value)
