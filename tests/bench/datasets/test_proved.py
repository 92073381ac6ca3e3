"""A stored file is written once, and written again when it is wrong."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.datasets.proved import Note, ensure
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

CONTENT = bytes(range(256)) * 4
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Source:
    """Blocks that count how often they are used."""

    def __init__(self) -> None:
        self.n_uses = 0

    def __call__(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the content in four blocks."""
        self.n_uses += 1
        yield from np.frombuffer(CONTENT, np.uint8).reshape(4, 16, 16)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def path(tmp_path: Path, source: Source) -> Path:
    """Write a file once."""
    file = tmp_path / "images.bits"
    ensure(file, source, SHA256)
    return file


def test_blocks_are_written_with_their_hash(path: Path) -> None:
    assert path.read_bytes() == CONTENT
    assert Note.read(path) == Note.of(path, SHA256)


def test_file_is_written_once(path: Path, source: Source) -> None:
    assert ensure(path, source, SHA256) == SHA256
    assert source.n_uses == 1


def test_hash_is_found_where_none_is_known(tmp_path: Path, source: Source) -> None:
    assert ensure(tmp_path / "images.bits", source) == SHA256
    assert ensure(tmp_path / "images.bits", source) == SHA256
    assert source.n_uses == 1


def test_unchanged_file_is_not_hashed_again(
    path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(hashlib, "file_digest")
    assert ensure(path, source, SHA256) == SHA256


@pytest.mark.parametrize("sha256", [SHA256, None])
@pytest.mark.parametrize("damage", [CONTENT[:-1], CONTENT[:-1] + b"?", b""])
def test_damaged_file_is_written_again(
    path: Path, source: Source, damage: bytes, sha256: str | None
) -> None:
    path.write_bytes(damage)
    assert ensure(path, source, sha256) == SHA256
    assert path.read_bytes() == CONTENT
    assert source.n_uses == 2


def test_truncated_file_is_noticed_even_with_its_old_time(path: Path, source: Source) -> None:
    state = path.stat()
    path.write_bytes(CONTENT[:-1])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    ensure(path, source, SHA256)
    assert path.read_bytes() == CONTENT


def test_touched_file_is_hashed_and_believed(path: Path, source: Source) -> None:
    os.utime(path, ns=(0, 0))
    ensure(path, source, SHA256)
    assert source.n_uses == 1
    assert Note.read(path) == Note.of(path, SHA256)


def test_file_without_a_note_is_hashed_and_believed(path: Path, source: Source) -> None:
    path.with_name("images.bits.json").write_text("{}")
    ensure(path, source, SHA256)
    assert source.n_uses == 1


def test_file_of_other_images_is_written_again(path: Path, source: Source) -> None:
    path.write_bytes(b"other images")
    Note.of(path, hashlib.sha256(b"other images").hexdigest()).write(path)
    ensure(path, source, SHA256)
    assert path.read_bytes() == CONTENT


def test_removed_file_is_written_again(path: Path, source: Source) -> None:
    path.unlink()
    ensure(path, source)
    assert path.read_bytes() == CONTENT


def test_wrong_blocks_are_refused_and_leave_nothing(tmp_path: Path, source: Source) -> None:
    with pytest.raises(DataError, match=f"have SHA-256 {SHA256}, not 0000"):
        ensure(tmp_path / "images.bits", source, "0" * 64)
    assert [file.name for file in tmp_path.iterdir()] == ["images.bits.lock"]


def test_a_file_can_be_used_where_no_note_can_be_written(
    path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    path.with_name("images.bits.json").unlink()
    monkeypatch.setattr(Note, "write", refuse)
    assert ensure(path, source, SHA256) == SHA256
    assert source.n_uses == 1


def test_of_several_at_once_one_writes(tmp_path: Path, source: Source) -> None:
    with ThreadPoolExecutor(8) as threads:
        hashes = threads.map(lambda _: ensure(tmp_path / "images.bits", source), range(8))
        assert set(hashes) == {SHA256}
    assert source.n_uses == 1
