"""Images are opened by name or by path."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.dsprites import PackedImages, download, identify, open_images, write_official
from disbench.dsprites.render import RENDERED_SHA256
from disbench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory: pytest.TempPathFactory, whole: PackedImages) -> Path:
    path = tmp_path_factory.mktemp("files") / "whole.npz"
    write_official(path, whole)
    return path


def test_file_of_the_whole_set_is_opened_from_the_cache(
    whole_file: Path, whole: PackedImages, cache: Path
) -> None:
    opened = open_images(whole_file)
    assert isinstance(opened.packed, np.memmap)
    assert opened.source == str(whole_file)
    assert opened.sha256 == whole.sha256
    assert np.array_equal(opened.packed, whole.packed)
    assert len(list(cache.glob("dsprites-file-*.bits"))) == 1


def test_file_is_known_again_under_another_name(
    whole_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_images(whole_file)
    copy = shutil.copy(whole_file, tmp_path / "copy.npz")
    monkeypatch.delattr("disbench.dsprites.npz.ZipFile")  # it is not unpacked a second time
    assert open_images(str(copy)).sha256 == RENDERED_SHA256


def test_official_images_are_downloaded_and_opened(
    whole_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "official_file", lambda **_: whole_file)
    assert open_images("official").source == str(whole_file)


def test_rendered_images_are_identified_without_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISBENCH_CACHE", str(tmp_path))
    assert identify("rendered") == RENDERED_SHA256
    assert not list(tmp_path.iterdir())


def test_files_are_identified_by_their_images(whole_file: Path) -> None:
    assert identify(whole_file) == RENDERED_SHA256


@pytest.mark.parametrize("source", ["rendred", "missing.npz", "", "."])
def test_unknown_source_is_refused_with_what_there_is(source: str) -> None:
    with pytest.raises(DataError, match=r"data is 'rendered' or 'official', or the path"):
        open_images(source)


def test_small_grid_is_not_the_whole_set(tiny_file: Path, cache: Path) -> None:
    before = set(cache.iterdir())
    with pytest.raises(DataError, match=r"where dSprites has \(737280, 6\)"):
        open_images(tiny_file)
    assert {path.suffix for path in set(cache.iterdir()) - before} <= {".lock"}
