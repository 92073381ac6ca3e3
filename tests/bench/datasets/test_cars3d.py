"""Cars3D becomes one file: a car after the other, by name, seen from every side."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.io import savemat

from disbench.data import open_images
from disbench.datasets.conversion import convert
from disbench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

N_AZIMUTHS, N_ELEVATIONS = 3, 2


def _level(car: int, azimuth: int, elevation: int) -> int:
    return 100 * car + 20 * azimuth + 5 * elevation + 10


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """A folder of two cars, of one colour a view, written in the order of neither name nor time."""
    folder = tmp_path / "cars"
    folder.mkdir()
    for car, name in ((1, "car_010.mat"), (0, "car_009.mat")):
        mesh = np.zeros((128, 128, 3, N_AZIMUTHS, N_ELEVATIONS), np.uint8)
        for azimuth, elevation in np.ndindex(N_AZIMUTHS, N_ELEVATIONS):
            mesh[:, :, :, azimuth, elevation] = _level(car, azimuth, elevation)
        savemat(folder / name, {"im": mesh})
    (folder / "list.txt").write_text("car_009\ncar_010\n")
    return folder


def test_cars_are_in_order_and_scaled(cars: Path, tmp_path: Path) -> None:
    factors = convert("cars3d", cars, tmp_path / "out.h5")
    assert factors == {"object": 2, "azimuth": N_AZIMUTHS, "elevation": N_ELEVATIONS}
    images = open_images(str(tmp_path / "out.h5")).unpack(range(12))
    assert images.shape == (12, 64, 64, 3)
    expected = [_level(*place) for place in np.ndindex(2, N_AZIMUTHS, N_ELEVATIONS)]
    assert (images == np.array(expected)[:, None, None, None]).all()


def test_image_is_upright_and_keeps_its_colours(cars: Path, tmp_path: Path) -> None:
    mesh = np.zeros((128, 128, 3, N_AZIMUTHS, N_ELEVATIONS), np.uint8)
    mesh[:64, :, 0] = 200  # red above
    mesh[64:, :64, 2] = 100  # blue below, to the left
    savemat(cars / "car_009.mat", {"im": mesh})
    convert("cars3d", cars, tmp_path / "out.h5")
    [image] = open_images(str(tmp_path / "out.h5")).unpack([0])
    assert image[10, 50].tolist() == [200, 0, 0]
    assert image[50, 10].tolist() == [0, 0, 100]
    assert image[50, 50].tolist() == [0, 0, 0]


def _lanczos(row: np.ndarray) -> np.ndarray:
    """A row of 2 n values scaled to n: the kernel of three lobes, stretched to two pixels each."""
    centres = 2 * np.arange(len(row) // 2) + 0.5
    apart = (np.arange(len(row)) - centres[:, None]) / 2
    kernel = np.where(np.abs(apart) < 3, np.sinc(apart) * np.sinc(apart / 3), 0)
    return np.clip(kernel @ row / kernel.sum(axis=1), 0, 255)


def test_scaling_is_that_of_lanczos(cars: Path, tmp_path: Path) -> None:
    """Of columns of any grey; bicubic scaling is up to 9 levels off."""
    row = np.random.default_rng(0).integers(256, size=128)
    mesh = np.zeros((128, 128, 3, N_AZIMUTHS, N_ELEVATIONS), np.uint8)
    mesh[:] = row[:, None, None, None]
    savemat(cars / "car_009.mat", {"im": mesh})
    convert("cars3d", cars, tmp_path / "out.h5")
    [image] = open_images(str(tmp_path / "out.h5")).unpack([0])
    assert np.abs(image - _lanczos(row)[:, None]).max() < 0.51


def test_archive_gives_what_its_folder_gives(cars: Path, tmp_path: Path) -> None:
    """Also one with paths that lead out of it, and with other data beside the cars."""
    archive = tmp_path / "nips2015-analogy-data.tar.gz"
    savemat(tmp_path / "shape.mat", {"im": np.zeros((3, 3))})
    with tarfile.open(archive, "w:gz") as file:
        file.add(tmp_path / "shape.mat", "data/shapes/shape.mat")
        file.add(cars / "car_010.mat", "data/cars/car_010.mat")
        file.add(cars / "car_009.mat", "../../cars/car_009.mat")
        file.add(cars / "list.txt", "data/cars/list.txt")
    convert("cars3d", cars, tmp_path / "folder.h5")
    convert("cars3d", archive, tmp_path / "archive.h5")
    one, other = (open_images(str(tmp_path / f"{name}.h5")) for name in ("folder", "archive"))
    assert one.sha256 == other.sha256
    assert one.factor_sizes == (2, N_AZIMUTHS, N_ELEVATIONS)


def test_other_folders_and_files_are_refused(cars: Path, tmp_path: Path) -> None:
    out, empty = tmp_path / "out.h5", tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match=r"no cars in .*empty; expected a folder of \*\.mat"):
        convert("cars3d", empty, out)
    with pytest.raises(DataError, match=r"list\.txt is neither a folder nor an archive"):
        convert("cars3d", cars / "list.txt", out)
    savemat(cars / "car_009.mat", {"im": np.zeros((128, 128, 3), np.uint8)})
    with pytest.raises(DataError, match=r"'im' of shape \(128, 128, 3\) and type uint8; Cars3D"):
        convert("cars3d", cars, out)
    savemat(cars / "car_009.mat", {"mesh": np.zeros((128, 128, 3, 3, 2), np.uint8)})
    with pytest.raises(DataError, match=r"'im' of shape \(0,\)"):
        convert("cars3d", cars, out)
    (cars / "car_009.mat").write_bytes(b"no MATLAB file, but long enough to be looked at" * 9)
    with pytest.raises(DataError, match=r"car_009\.mat cannot be read as \.mat"):
        convert("cars3d", cars, out)
    (cars / "car_009.mat").write_bytes(b"")
    with pytest.raises(DataError, match=r"car_009\.mat is no MATLAB file: .*truncated"):
        convert("cars3d", cars, out)
    assert not out.exists()


def test_cars_seen_from_other_sides_are_refused(cars: Path, tmp_path: Path) -> None:
    savemat(cars / "car_011.mat", {"im": np.zeros((128, 128, 3, 3, 3), np.uint8)})
    with pytest.raises(DataError, match=r"has \(3, 3\) views; those before it have \(3, 2\)"):
        convert("cars3d", cars, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()
