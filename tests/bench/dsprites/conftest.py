"""Small files in the official layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from disbench.dsprites import GRIDS, PackedImages, write_official

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=[".npz", ".hdf5", ".h5"])
def tiny_file(request: pytest.FixtureRequest, tmp_path: Path, whole: PackedImages) -> Path:
    """Write the tiny grid in each official format."""
    path = tmp_path / f"tiny{request.param}"
    write_official(path, whole, grid=GRIDS["tiny"])
    return path
