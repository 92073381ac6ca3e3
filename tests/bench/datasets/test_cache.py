"""Files of images are kept in one folder, and mapped from there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from disbench.datasets.cache import folder, mapped
from disbench.errors import DataError

CONTENT = np.arange(24, dtype=np.uint8)
SHA256 = hashlib.sha256(CONTENT.data).hexdigest()


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "not there yet"
    monkeypatch.setenv("DISBENCH_CACHE", str(path))
    return path


def test_cache_is_the_user_s_unless_the_variable_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISBENCH_CACHE", "~/elsewhere")
    assert folder() == Path.home() / "elsewhere"
    monkeypatch.delenv("DISBENCH_CACHE")
    assert folder() == platformdirs.user_cache_path("disbench")


def test_blocks_are_mapped_read_only_in_the_shape_asked_for(own_cache: Path) -> None:
    array, sha256 = mapped("images.bytes", lambda: np.split(CONTENT, 3), (2, 3, 4))
    assert isinstance(array, np.memmap)
    assert np.array_equal(array, CONTENT.reshape(2, 3, 4))
    assert not array.flags.writeable
    assert sha256 == SHA256
    assert (own_cache / "images.bytes").read_bytes() == CONTENT.tobytes()


@pytest.mark.usefixtures("own_cache")
def test_what_is_there_is_not_made_again() -> None:
    mapped("images.bytes", lambda: [CONTENT], (24,))
    array, sha256 = mapped("images.bytes", lambda: [CONTENT + 1], (24,))
    assert (array[0], sha256) == (0, SHA256)


@pytest.mark.usefixtures("own_cache")
def test_other_bytes_than_asked_for_are_refused() -> None:
    with pytest.raises(DataError, match=f"have SHA-256 {SHA256}, not 0000"):
        mapped("images.bytes", lambda: [CONTENT], (24,), "0" * 64)
