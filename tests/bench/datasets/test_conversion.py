"""Published files of another layout become files that a study can name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from disbench import cli
from disbench.data import open_images
from disbench.datasets import mpi3d
from disbench.datasets.conversion import CONVERSIONS, convert, missing_images
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SIZES = (2, 1, 2, 3, 2, 2)


@pytest.fixture
def shapes3d(write_file: Callable[..., Path]) -> Callable[..., Path]:
    """A file laid out like 3dshapes.h5, of fewer values, with the changes that a test asks for."""
    indices = np.stack(np.unravel_index(np.arange(48), SIZES), axis=1)
    images = np.random.default_rng(0).integers(0, 256, (48, 64, 64, 3), np.uint8)
    labels = indices * [0.1, 0.1, 0.1, 0.25, 1, 8.5] + [0, 0, 0, 0.75, 0, -30]

    def write(**changes: Any) -> Path:
        return write_file("3dshapes.h5", **{"images": images, "labels": labels} | changes)

    return write


def test_shapes3d_are_converted_by_their_labels(
    shapes3d: Callable[..., Path], tmp_path: Path
) -> None:
    source = shapes3d()
    names = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
    assert convert("shapes3d", source, tmp_path / "out.h5") == dict(zip(names, SIZES, strict=True))
    images = open_images(str(tmp_path / "out.h5"))
    assert images.factor_names == ("floor_hue", "object_hue", "scale", "shape", "orientation")
    assert images.factor_sizes == (2, 2, 3, 2, 2)
    with h5py.File(source) as file:
        assert np.array_equal(images.unpack(range(48)), file["images"][()])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": np.zeros((48, 5))}, r"labels \(48, 5\); Shapes3D has \(n, 64, 64, 3\) and"),
        ({"labels": np.zeros((47, 6))}, r"labels \(47, 6\); Shapes3D has"),
        ({"images": np.zeros((48, 64, 64), np.uint8)}, r"images \(48, 64, 64\) and labels"),
        ({"labels": np.zeros((48, 6))}, r"not those of a full grid of .*is it the whole published"),
        ({"labels": np.arange(288.0).reshape(48, 6)[::-1] % 2}, r"not those of a full grid"),
    ],
)
def test_other_labels_than_those_of_shapes3d_are_refused(
    changes: dict[str, Any], said: str, shapes3d: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        convert("shapes3d", shapes3d(**changes), tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_grid_in_another_order_is_refused(shapes3d: Callable[..., Path], tmp_path: Path) -> None:
    with h5py.File(shapes3d()) as file:
        labels = file["labels"][()]
    with pytest.raises(DataError, match="in order, as Shapes3D has"):
        convert("shapes3d", shapes3d(labels=labels[::-1]), tmp_path / "out.h5")


def test_file_without_labels_is_refused(write_file: Callable[..., Path], tmp_path: Path) -> None:
    source = write_file("other.h5", images=np.zeros((48, 64, 64, 3), np.uint8))
    with pytest.raises(DataError, match=r"has no 'labels'; it has images"):
        convert("shapes3d", source, tmp_path / "out.h5")


@pytest.fixture
def mpi3d_toy(
    write_file: Callable[..., Path],
    coloured: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A file of MPI3D, of which 60 images are as many as were published."""
    monkeypatch.setattr(mpi3d, "SIZES", {60: (5, 1, 1, 1, 3, 2, 2)})
    return write_file("mpi3d_toy.npz", images=coloured)


def test_mpi3d_is_converted_by_its_number_of_images(
    mpi3d_toy: Path, coloured: NDArray[np.uint8], tmp_path: Path
) -> None:
    convert("mpi3d", mpi3d_toy, tmp_path / "out.hdf5")
    images = open_images(str(tmp_path / "out.hdf5"))
    assert images.factor_names == (
        "object_color",
        "background_color",
        "horizontal_axis",
        "vertical_axis",
    )
    assert images.factor_sizes == (5, 3, 2, 2)
    assert np.array_equal(images.unpack(range(60)), coloured)


def test_published_numbers_of_mpi3d_are_the_products_of_its_factors() -> None:
    assert [int(np.prod(sizes)) for sizes in mpi3d.SIZES.values()] == list(mpi3d.SIZES)
    assert {len(sizes) for sizes in mpi3d.SIZES.values()} == {len(mpi3d.FACTOR_NAMES)}


def test_other_number_of_images_is_not_mpi3d(
    write_file: Callable[..., Path], coloured: NDArray[np.uint8], tmp_path: Path
) -> None:
    source = write_file("mpi3d_toy.npz", images=coloured)
    with pytest.raises(DataError, match=r"MPI3D has \(1,036,800, 64, 64, 3\) or \(460,800, 64"):
        convert("mpi3d", source, tmp_path / "out.h5")


def test_what_cannot_be_converted_is_refused(shapes3d: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no conversion 'celeba'; there are shapes3d, mpi3d, cars3"):
        convert("celeba", shapes3d(), tmp_path / "out.h5")
    with pytest.raises(DataError, match=r"does not end in \.h5 or \.hdf5"):
        convert("shapes3d", shapes3d(), tmp_path / "out.npz")
    (tmp_path / "out.h5").touch()
    with pytest.raises(DataError, match="exists already; choose another name"):
        convert("shapes3d", shapes3d(), tmp_path / "out.h5")
    with pytest.raises(DataError, match=r"missing\.h5 is no file of images"):
        convert("shapes3d", tmp_path / "missing.h5", tmp_path / "new.h5")
    with pytest.raises(DataError, match=r"new\.h5 cannot be written: No such file"):
        convert("shapes3d", shapes3d(), tmp_path / "nowhere" / "new.h5")


def test_file_that_breaks_off_leaves_nothing(
    mpi3d_toy: Path, coloured: NDArray[np.uint8], tmp_path: Path
) -> None:
    np.savez(mpi3d_toy, images=coloured)
    content = mpi3d_toy.read_bytes()
    mpi3d_toy.write_bytes(content[:300_000] + bytes(1000) + content[301_000:])
    folder = tmp_path / "new"
    folder.mkdir()
    with pytest.raises(DataError, match="cannot be read as"):
        convert("mpi3d", mpi3d_toy, folder / "out.h5")
    assert not list(folder.iterdir())


def test_every_conversion_says_whom_to_cite() -> None:
    assert all(conversion.citation for conversion in CONVERSIONS.values())


def test_whole_set_has_no_image_missing() -> None:
    assert missing_images("shapes3d", dict(zip("abcdef", (10, 10, 10, 8, 4, 15), strict=True))) == 0
    assert missing_images("cars3d", {"object": 183, "azimuth": 24, "elevation": 4}) == 0
    assert missing_images("cars3d", {"object": 2, "azimuth": 24, "elevation": 4}) == 181 * 96
    assert missing_images("mpi3d", {"object": 2}) == 0  # which refuses other sizes itself


def test_command_says_what_it_wrote(
    shapes3d: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.h5"
    command = ["disbench", "data", "convert", "shapes3d", str(shapes3d()), str(out)]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    sizes = "floor_hue 2, wall_hue 1, object_hue 2, scale 3, shape 2, orientation 2"
    told = capsys.readouterr()
    assert told.out == f"wrote {out}: {sizes}\n"
    assert told.err.startswith("note: 479,952 images of the published set are missing")
    assert open_images(str(out)).factor_sizes == (2, 2, 3, 2, 2)
