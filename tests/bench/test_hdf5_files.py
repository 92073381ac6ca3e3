"""An HDF5 file reads no other file, and unpacks to no more than it can hold."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from disbench.code_files import Source
from disbench.errors import DataError

CODES = np.random.default_rng(0).normal(size=(7, 3))


def made(path: Path, **arguments: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("codes", **arguments)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "codes.h5"


@pytest.mark.parametrize("shape", [(10**12,), (10**6, 10**6)])
def test_absurd_shape_is_refused_with_the_bound(shape: tuple[int, ...], path: Path) -> None:
    made(path, shape=shape, dtype="f8", fillvalue=1.5)
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match=r"codes\.h5 declares .* at most 1,000,000,000 are read"):
        Source(path).read()


@pytest.mark.parametrize("more", [{}, {"chunks": (1000, 3)}])
def test_shape_beyond_what_is_stored_is_refused(more: dict[str, Any], path: Path) -> None:
    made(path, shape=(10**8, 3), dtype="f8", **more)
    with pytest.raises(DataError, match="2,400,000,000 bytes, and stores 0 for them"):
        Source(path).read()


def test_chunk_beyond_what_is_stored_is_refused(path: Path) -> None:
    made(path, shape=(7, 3), maxshape=(None, 3), dtype="f8", chunks=(10**8, 3), compression="gzip")
    with pytest.raises(DataError, match="100,000,000 x 3 values"):
        Source(path).read()


@pytest.mark.parametrize("compression", ["gzip", "lzf"])
def test_what_packs_well_is_read(compression: str, path: Path) -> None:
    zeros = np.zeros((737_280, 10), np.float32)
    made(path, data=zeros, compression=compression, shuffle=True, fletcher32=True)
    np.testing.assert_array_equal(Source(path).read().array, zeros)


def test_array_that_is_packed_twice_is_refused(path: Path) -> None:
    with h5py.File(path, "w") as file:
        pipeline = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        pipeline.set_chunk((7, 3))
        pipeline.set_deflate(9)
        pipeline.set_deflate(9)
        space = h5py.h5s.create_simple((7, 3))
        h5py.h5d.create(file.id, b"codes", h5py.h5t.NATIVE_DOUBLE, space, pipeline)
        file["codes"][...] = CODES
    with pytest.raises(DataError, match="expected at most one of gzip and lzf"):
        Source(path).read()


def test_array_in_another_file_is_refused(path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(CODES.tobytes())
    made(path, shape=CODES.shape, dtype="f8", external=[(secret, 0, secret.stat().st_size)])
    with pytest.raises(DataError, match="/codes lies in other files"):
        Source(path).read()


def test_virtual_array_is_refused(path: Path, tmp_path: Path) -> None:
    made(tmp_path / "secret.h5", data=CODES)
    layout = h5py.VirtualLayout(CODES.shape, "f8")
    layout[...] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "codes", CODES.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("codes", layout)
    with pytest.raises(DataError, match="/codes lies in other files"):
        Source(path).read()


@pytest.mark.parametrize("key", [None, "codes"])
def test_link_to_another_file_is_not_followed(key: str | None, path: Path, tmp_path: Path) -> None:
    made(tmp_path / "secret.h5", data=CODES)
    with h5py.File(path, "w") as file:
        file["codes"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "codes")
    with pytest.raises(DataError, match="holds no arrays"):
        Source(path, key=key).read()


@pytest.mark.parametrize(
    "dtype",
    [h5py.string_dtype(), h5py.ref_dtype, h5py.vlen_dtype(float), [("a", "f8")], np.dtype("V8")],
)
def test_objects_and_records_are_refused(dtype: Any, path: Path) -> None:
    made(path, shape=(7, 3), dtype=dtype)
    with pytest.raises(DataError, match="expected numbers, or text of a fixed length"):
        Source(path).read()


def test_array_of_nothing_is_refused(path: Path) -> None:
    made(path, data=h5py.Empty("f8"))
    with pytest.raises(DataError, match="/codes holds nothing"):
        Source(path).read()


def test_of_very_many_arrays_some_are_named(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for number in range(100, 150):
            file[f"a{number}"] = CODES
    with pytest.raises(DataError, match=r"it has a100, .*, a119 and 30 more$"):
        Source(path).read()


@pytest.mark.parametrize("size", [0, 3])
def test_chunk_that_is_shorter_than_its_checksum_is_refused(size: int, path: Path) -> None:
    """In HDF5 2.0 it crashes the interpreter."""
    made(path, data=np.zeros((64, 3)), chunks=(32, 3), fletcher32=True, compression="gzip")
    with h5py.File(path) as file:
        chunk = file["codes"].id.get_chunk_info(0)
    content = path.read_bytes()
    key = chunk.size.to_bytes(4, "little") + bytes(4)
    assert key in content
    path.write_bytes(content.replace(key, size.to_bytes(4, "little") + bytes(4), 1))
    with pytest.raises(DataError, match=f"/codes has a chunk of {size} bytes"):
        Source(path).read()
