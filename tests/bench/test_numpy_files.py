"""What an array file declares is checked before anything is allocated."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from disbench.code_files import Source
from disbench.errors import DataError

CODES = np.random.default_rng(0).normal(size=(7, 3))


def header(descr: object, shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    claim = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, claim)
    return stream.getvalue()


def packed(path: Path, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("codes.npy", content)
    return path


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("shape", [(10**15, 3), (-1, 3), (2**40,), (2**63, 2**63)])
def test_absurd_shape_is_refused_with_the_bound(
    suffix: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    content = header("<f8", shape)
    path = tmp_path / f"codes{suffix}"
    packed(path, content) if suffix == ".npz" else path.write_bytes(content)
    with pytest.raises(DataError, match=r"codes\.np. declares .* at most 1,000,000,000 are read"):
        Source(path).read()


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_shape_beyond_what_is_stored_is_refused(suffix: str, tmp_path: Path) -> None:
    content = header("<f8", (10**8, 3))
    path = tmp_path / f"codes{suffix}"
    packed(path, content) if suffix == ".npz" else path.write_bytes(content)
    with pytest.raises(DataError, match="2,400,000,000 bytes, and stores"):
        Source(path).read()


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_array_that_ends_early_is_refused(suffix: str, tmp_path: Path) -> None:
    content = header("<f8", (7, 3)) + CODES.tobytes()[:-1]
    path = tmp_path / f"codes{suffix}"
    packed(path, content) if suffix == ".npz" else path.write_bytes(content)
    with pytest.raises(DataError, match="ends before it does"):
        Source(path).read()


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("descr", ["|O", [("a", "<f8")]])
def test_objects_and_records_are_refused(suffix: str, descr: object, tmp_path: Path) -> None:
    content = header(descr, (7, 3)) + bytes(1000)
    path = tmp_path / f"codes{suffix}"
    packed(path, content) if suffix == ".npz" else path.write_bytes(content)
    with pytest.raises(DataError, match="expected numbers, or text of a fixed length"):
        Source(path).read()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_method_that_unpacks_without_a_bound_is_refused(method: int, tmp_path: Path) -> None:
    path = packed(tmp_path / "codes.npz", header("<f8", (7, 3)) + CODES.tobytes(), method)
    with pytest.raises(DataError, match=r"codes\.npy is packed as numpy packs nothing"):
        Source(path).read()


def test_size_that_the_archive_claims_counts_for_no_more_than_the_file(tmp_path: Path) -> None:
    path = packed(tmp_path / "codes.npz", header("<f8", (10**8, 3)))
    content = bytearray(path.read_bytes())
    central = content.rindex(b"PK\x01\x02")
    content[central + 20 : central + 28] = struct.pack("<II", 2**31, 2**31)
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"stores {len(content)} for them"):
        Source(path).read()


def test_an_archive_is_no_array_and_an_array_no_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "codes.npz", codes=CODES)
    np.save(tmp_path / "other.npy", CODES)
    (tmp_path / "codes.npz").rename(tmp_path / "codes.npy")
    (tmp_path / "other.npy").rename(tmp_path / "other.npz")
    for name in ("codes.npy", "other.npz"):
        with pytest.raises(DataError, match="cannot be read"):
            Source(tmp_path / name).read()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_order_of_the_axes_is_kept(order: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"codes{suffix}"
    codes = np.asarray(CODES, order=order)  # type: ignore[call-overload]
    np.savez_compressed(path, codes=codes) if suffix == ".npz" else np.save(path, codes)
    np.testing.assert_array_equal(Source(path).read().array, CODES)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_words_of_no_characters_are_refused(suffix: str, order: str, tmp_path: Path) -> None:
    """Python stops with a SystemError once it looks at them."""
    content = (
        header(f"{order}U2", (2, 1)) + np.array([65, 66, 67, 2**31 + 5], f"{order}u4").tobytes()
    )
    path = tmp_path / f"factors{suffix}"
    packed(path, content) if suffix == ".npz" else path.write_bytes(content)
    with pytest.raises(DataError, match="not all characters are Unicode"):
        Source(path).read()


def test_words_are_read(tmp_path: Path) -> None:
    words = np.array([["heart", "\U0001f493"]])
    np.save(tmp_path / "factors.npy", words)
    assert Source(tmp_path / "factors.npy").read().array.tolist() == words.tolist()
