"""The whole set is drawn once, checked when opened, and shared."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.dsprites.render import RENDERED_SHA256
from disbench.dsprites.whole import rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from disbench.dsprites import PackedImages

OPEN = """
import hashlib
from disbench.dsprites import open_images
print(hashlib.sha256(open_images("rendered").packed.data).hexdigest())
"""


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "not there yet"
    monkeypatch.setenv("DISBENCH_CACHE", str(path))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_whole_set_is_mapped_not_read(whole: PackedImages) -> None:
    assert isinstance(whole.packed, np.memmap)
    assert whole.packed.shape == (737_280, 512)
    assert whole.sha256 == RENDERED_SHA256


@pytest.mark.parametrize("size", [377_487_360, 377_487_359])
def test_damaged_whole_set_is_drawn_again(
    cache: Path, empty_cache: Path, whole: PackedImages, size: int
) -> None:
    [path] = cache.glob("dsprites-rendered-*.bits")
    empty_cache.mkdir()
    damaged = Path(shutil.copy(path, empty_cache))
    with damaged.open("r+b") as file:
        file.truncate(size)
        file.seek(12_345_678)
        file.write(b"damage")
    drawn = rendered().packed
    assert isinstance(drawn, np.memmap)
    assert np.array_equal(drawn, whole.packed)


def test_two_processes_at_once_open_the_same_images(empty_cache: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", OPEN]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]  # noqa: S603
    outputs = [process.communicate()[0].strip() for process in processes]
    assert outputs == [RENDERED_SHA256] * 2
    assert len(list(empty_cache.glob("*.bits"))) == 1
    assert not list(empty_cache.glob(".*"))


def test_without_a_writable_cache_the_images_are_kept_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: PackedImages
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DISBENCH_CACHE", str(tmp_path / "file" / "no folder"))
    with pytest.warns(UserWarning, match="set DISBENCH_CACHE to a writable folder"):
        drawn = rendered()
    assert drawn.sha256 == RENDERED_SHA256
    assert not drawn.packed.flags.writeable
    assert np.array_equal(drawn.packed, whole.packed)
