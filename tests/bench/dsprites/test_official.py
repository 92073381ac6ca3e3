"""Files of the official layout are written whole, read in blocks, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from disbench.dsprites import FULL, GRIDS, PackedImages, images, write_official
from disbench.dsprites.official import read_packed
from disbench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TINY = GRIDS["tiny"]


def read_tiny(path: Path) -> np.ndarray[Any, Any]:
    return np.concatenate(list(read_packed(path, grid=TINY)))


def write_hdf5(path: Path, **arrays: np.ndarray[Any, Any]) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name.replace("latents_", "latents/")] = array
    return path


def write_npz(path: Path, **arrays: np.ndarray[Any, Any]) -> Path:
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    return path


both_formats = pytest.mark.parametrize(
    ("write", "name"), [(write_hdf5, "file.hdf5"), (write_npz, "file.npz")], ids=["hdf5", "npz"]
)


def test_what_is_written_is_read_again(tiny_file: Path, whole: PackedImages) -> None:
    np.testing.assert_array_equal(read_tiny(tiny_file), whole.packed[TINY.rows()])


def test_file_is_compressed(tiny_file: Path) -> None:
    assert tiny_file.stat().st_size < TINY.n * 4096 / 20


def test_blocks_are_bounded(tmp_path: Path, whole: PackedImages) -> None:
    coarse = GRIDS["coarse"]
    write_official(tmp_path / "file.npz", whole, grid=coarse)
    lengths = [len(block) for block in read_packed(tmp_path / "file.npz", grid=coarse)]
    assert sum(lengths) == coarse.n
    assert max(lengths) == 4096


@both_formats
def test_file_without_classes_is_read(tmp_path: Path, write: Any, name: str) -> None:
    path = write(tmp_path / name, imgs=images(TINY.factors()))
    assert len(read_tiny(path)) == TINY.n


@both_formats
def test_other_order_is_refused_by_row(tmp_path: Path, write: Any, name: str) -> None:
    classes = np.insert(TINY.factors(), 0, 0, axis=1)
    classes[[7, 9]] = classes[[9, 7]]
    path = write(tmp_path / name, imgs=images(TINY.factors()), latents_classes=classes)
    with pytest.raises(DataError, match=r"row 7 has the factor indices \[0, 0, 0, 16, 8\], not"):
        read_tiny(path)


@both_formats
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda pixels: pixels[:-1], r"imgs has shape \(1439, 64, 64\) and type uint8"),
        (lambda pixels: pixels[:, :32], r"imgs has shape \(1440, 32, 64\)"),
        (lambda pixels: pixels.astype(np.float32), "and type float32"),
    ],
    ids=["too few", "too small", "floats"],
)
def test_other_arrays_are_refused(
    tmp_path: Path, write: Any, name: str, change: Any, message: str
) -> None:
    path = write(tmp_path / name, imgs=change(images(TINY.factors())))
    with pytest.raises(DataError, match=message):
        read_tiny(path)


@both_formats
def test_grey_pixel_is_refused_by_image(tmp_path: Path, write: Any, name: str) -> None:
    pixels = images(TINY.factors())
    pixels[1234, 5, 6] = 255
    path = write(tmp_path / name, imgs=pixels)
    with pytest.raises(DataError, match="image 1234 has a pixel of 255; dSprites has 0 and 1 only"):
        read_tiny(path)


@both_formats
def test_file_without_images_is_refused(tmp_path: Path, write: Any, name: str) -> None:
    path = write(tmp_path / name, other=np.zeros(3))
    with pytest.raises(DataError, match="has no images: dSprites has them under 'imgs'"):
        read_tiny(path)


def test_truncated_file_is_refused(tiny_file: Path) -> None:
    content = tiny_file.read_bytes()
    tiny_file.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="cannot be read as an official dSprites file"):
        read_tiny(tiny_file)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing\.npz cannot be read .* No such file"):
        read_tiny(tmp_path / "missing.npz")


@pytest.mark.parametrize("name", ["file.csv", "file"])
def test_unknown_suffix_is_refused(tmp_path: Path, whole: PackedImages, name: str) -> None:
    with pytest.raises(DataError, match=r"ends in none of \.npz, \.hdf5, \.h5"):
        write_official(tmp_path / name, whole)
    with pytest.raises(DataError, match=r"ends in none of \.npz, \.hdf5, \.h5"):
        read_tiny(tmp_path / name)


def test_existing_file_is_kept_unless_asked_for(tmp_path: Path, whole: PackedImages) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(b"years of work")
    with pytest.raises(DataError, match="exists already"):
        write_official(path, whole, grid=TINY)
    assert path.read_bytes() == b"years of work"
    write_official(path, whole, grid=TINY, overwrite=True)
    assert len(read_tiny(path)) == TINY.n


def test_interrupted_writing_leaves_nothing(
    tmp_path: Path, whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PackedImages, "unpack", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_official(tmp_path / "file.hdf5", whole, grid=TINY)
    assert not list(tmp_path.iterdir())


def test_folder_that_is_not_there_is_refused(tmp_path: Path, whole: PackedImages) -> None:
    with pytest.raises(DataError, match=r"cannot be written: No such file or directory$"):
        write_official(tmp_path / "missing" / "file.npz", whole, grid=TINY)


def test_part_of_the_whole_set_is_not_written(tmp_path: Path, whole: PackedImages) -> None:
    part = PackedImages(whole.packed[:10], "", "")
    with pytest.raises(DataError, match=f"the whole set has {FULL.n} images, not 10"):
        write_official(tmp_path / "file.npz", part)
