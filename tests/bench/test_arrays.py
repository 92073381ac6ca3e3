"""Named arrays as the bytes of an HDF5 file."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disbench import foreign
from disbench.arrays import pack_arrays, unpack_array, unpack_arrays
from disbench.errors import DamagedError

PATH = Path("runs/here/details.h5")
SOME = {
    "mig/exact/gap": np.array([0.1, np.nan]),
    "grey": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "scalar": np.array(0.25),
}


def _file(**datasets: dict[str, object]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, options in datasets.items():
            file.create_dataset(name, **options)
    return buffer.getvalue()


def _refusal(data: bytes) -> str:
    with pytest.raises(DamagedError) as refusal:
        unpack_arrays(data, PATH)
    assert str(refusal.value).startswith(f"{PATH} is not what disbench wrote (")
    return refusal.value.reason


def test_arrays_come_back_with_their_names_types_and_values() -> None:
    back = unpack_arrays(pack_arrays(SOME), PATH)
    assert back.keys() == SOME.keys()
    for name, array in SOME.items():
        np.testing.assert_array_equal(back[name], array)
        assert np.asarray(back[name]).dtype == array.dtype


def test_the_same_arrays_are_the_same_bytes_as_in_a_file(tmp_path: Path) -> None:
    assert pack_arrays(SOME) == pack_arrays(SOME)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=np.arange(10), compression="gzip", track_times=False)
    assert pack_arrays({"x": np.arange(10)}) == (tmp_path / "a.h5").read_bytes()


def test_one_array_comes_back_by_its_name() -> None:
    data = pack_arrays(SOME)
    found = unpack_array(data, "mig/exact/gap", PATH)
    assert found is not None
    np.testing.assert_array_equal(found, [0.1, np.nan])
    assert unpack_array(data, "scalar", PATH) == 0.25


@pytest.mark.parametrize("name", ["other", "mig", "mig/exact/gap/further", "mig/other"])
def test_name_without_an_array_holds_nothing(name: str) -> None:
    """A group of arrays is none."""
    assert unpack_array(pack_arrays(SOME), name, PATH) is None


def test_what_has_no_place_in_hdf5_is_refused() -> None:
    with pytest.raises(TypeError):
        pack_arrays({"y": np.array([object()])})


def test_more_than_the_bytes_can_hold_is_refused_before_it_is_read() -> None:
    """A chunk that was never written is read as zeros, of which a file may declare any number."""
    data = _file(x={"shape": (10**6, 10**6), "dtype": "f8", "chunks": (1000, 1000)})
    assert "declares 1,000,000 x 1,000,000 values" in _refusal(data)


def test_what_was_packed_best_of_all_is_read() -> None:
    zeros = np.zeros((3000, 64, 64), np.uint8)
    assert np.array_equal(unpack_arrays(pack_arrays({"x": zeros}), PATH)["x"], zeros)


def test_more_than_the_largest_codes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pack_arrays({"x": np.arange(1000)})
    unpack_arrays(data, PATH)
    monkeypatch.setattr(foreign, "MOST_VALUES", 999)
    assert "declares 1,000 values; at most 999 are read" in _refusal(data)


def test_content_of_another_file_is_refused(tmp_path: Path) -> None:
    """A stranger's results could else show what only the reader may see."""
    (tmp_path / "secret").write_bytes(b"x" * 40)
    outside = [(str(tmp_path / "secret"), 0, 40)]
    data = _file(x={"shape": (10,), "dtype": "f4", "external": outside})
    assert _refusal(data).endswith("/x lies in other files; copy it into this one")
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", shape=(4,))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_virtual_dataset("x", layout)
    assert _refusal(buffer.getvalue()).endswith("/x lies in other files; copy it into this one")


@pytest.mark.parametrize("link", [h5py.ExternalLink, lambda name, _: h5py.SoftLink(f"/{name}")])
def test_links_lead_nowhere(link: type, tmp_path: Path) -> None:
    (tmp_path / "other.h5").write_bytes(pack_arrays({"x": np.arange(3)}))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["x"] = link(str(tmp_path / "other.h5"), "/x")
    assert unpack_arrays(buffer.getvalue(), PATH) == {}
    assert unpack_array(buffer.getvalue(), "x", PATH) is None


def test_texts_are_no_numbers() -> None:
    data = _file(x={"data": ["a", "b"], "dtype": h5py.string_dtype()})
    assert "holds entries of type object" in _refusal(data)


@pytest.mark.parametrize("kept", [0, 100, 1500])
def test_file_that_was_cut_is_named(kept: int) -> None:
    data = pack_arrays({"x": np.arange(10_000)})[:kept]
    assert _refusal(data)
    with pytest.raises(DamagedError):
        unpack_array(data, "x", PATH)


@given(place=st.integers(0), bit=st.integers(0, 7))
def test_flipped_bits_are_arrays_or_damage(place: int, bit: int) -> None:
    """Files of version 1 have no checksum: HDF5 itself has to bear with what is there."""
    data = bytearray(pack_arrays(SOME))
    data[place % len(data)] ^= 1 << bit
    with suppress(DamagedError):
        unpack_arrays(bytes(data), PATH)


@given(st.binary(max_size=3000))
def test_any_bytes_are_damage(data: bytes) -> None:
    assert _refusal(data)


def test_bytes_do_not_depend_on_who_holds_on_to_a_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profiler that samples frames does so for a while, as that of a Dask worker."""
    rng = np.random.default_rng(0)
    arrays = {name: rng.integers(0, 9, (12, 64, 64), np.uint8) for name in ("a", "b", "c")}
    expected = pack_arrays(arrays)
    held: list[object] = []
    real = h5py.File.create_dataset

    def create(file: h5py.File, name: str, **options: object) -> object:
        held.append(real(file, name, **options))
        return held[-1]

    monkeypatch.setattr(h5py.File, "create_dataset", create)
    assert pack_arrays(arrays) == expected
