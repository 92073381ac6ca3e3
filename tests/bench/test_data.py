"""The data of a study are a name or a path, and what a name says is known without drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.data import DRAWN, NAMES, open_images, outline
from disbench.dsprites import GRIDS, RENDERED_SHA256, PackedImages, write_official
from disbench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def test_every_name_has_data_of_its_own(whole: PackedImages) -> None:
    opened = {name: open_images(name) for name in DRAWN}
    assert {name: images.source for name, images in opened.items()} == {n: n for n in DRAWN}
    assert len({images.sha256 for images in opened.values()}) == len(DRAWN) == 4
    assert opened["rendered"].sha256 == whole.sha256 == RENDERED_SHA256
    assert set(NAMES) == {*DRAWN, "official"}


@pytest.mark.parametrize("name", DRAWN)
def test_outline_tells_all_but_the_images_without_drawing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = open_images(name)
    monkeypatch.setenv("DISBENCH_CACHE", str(tmp_path))
    blank = outline(name)
    assert (blank.sha256, blank.source, len(blank)) == (images.sha256, name, 737_280)
    assert (blank.channels, blank.largest) == (images.channels, images.largest)
    assert blank.n_bytes == images.n_bytes
    assert blank.unpack([5]).shape == images.unpack([5]).shape
    assert not list(tmp_path.iterdir())


def test_official_images_are_those_of_the_download(
    whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("disbench.dsprites.sources._BY_NAME", {"official": lambda: whole})
    assert open_images("official") is whole
    assert outline("official") is whole


def test_path_is_that_of_a_file_of_any_factors(
    tmp_path: Path,
) -> None:
    path = tmp_path / "set.npz"
    pixels = np.random.default_rng(1).integers(256, size=(60, 64, 64, 3), dtype=np.uint8)
    np.savez(path, images=pixels, factor_sizes=[4, 3, 5])
    for images in (open_images(str(path)), outline(str(path))):
        assert images.factor_sizes == (4, 3, 5)
        assert np.array_equal(images.unpack([8]), pixels[8:9])


def test_path_may_be_that_of_an_official_file(whole: PackedImages, tmp_path: Path) -> None:
    path = tmp_path / "tiny.hdf5"
    write_official(path, whole, grid=GRIDS["tiny"])
    with pytest.raises(DataError, match=r"where dSprites has \(737280, 6\)"):
        open_images(str(path))


@pytest.mark.parametrize("data", ["rendred", "missing.npz", "", "."])
def test_unknown_data_are_refused_with_what_there_is(data: str) -> None:
    said = r"data is 'rendered', 'official', 'colour', 'noisy', 'correlated', or the path of a file"
    with pytest.raises(DataError, match=said):
        open_images(data)
