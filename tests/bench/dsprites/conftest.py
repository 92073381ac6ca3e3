"""One rendered whole set for all tests, in a cache that is not the user's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from disbench.dsprites import GRIDS, PackedImages, open_images, write_official

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISBENCH_CACHE", str(folder))
        yield folder
    shutil.rmtree(folder)  # pytest keeps the folders of three sessions, of half a gigabyte each


@pytest.fixture(scope="session")
def whole(cache: Path) -> PackedImages:  # noqa: ARG001 - it has to be there first
    return open_images("rendered")


@pytest.fixture(params=[".npz", ".hdf5", ".h5"])
def tiny_file(request: pytest.FixtureRequest, tmp_path: Path, whole: PackedImages) -> Path:
    """Write the tiny grid in each official format."""
    path = tmp_path / f"tiny{request.param}"
    write_official(path, whole, grid=GRIDS["tiny"])
    return path
