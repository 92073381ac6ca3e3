"""The npz layout is what numpy and the programs of the field read, and it runs no code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np
import pytest

from disbench.dsprites import GRIDS, PackedImages, images, write_official
from disbench.dsprites.official import read_packed
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = GRIDS["tiny"]


class Trap:
    """An object that creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.fixture
def sprung(tmp_path: Path) -> Path:
    """Name the file that a sprung trap leaves."""
    return tmp_path / "sprung"


def test_pickle_in_the_metadata_is_never_opened(tmp_path: Path, sprung: Path) -> None:
    pixels = images(TINY.factors())
    np.savez(tmp_path / "file.npz", imgs=pixels, metadata=np.array(Trap(sprung), object))
    blocks = list(read_packed(tmp_path / "file.npz", grid=TINY))
    assert np.array_equal(np.concatenate(blocks), np.packbits(pixels.reshape(TINY.n, -1), axis=1))
    assert not sprung.exists()
    with np.load(tmp_path / "file.npz", allow_pickle=True) as file:
        file["metadata"]
    assert sprung.exists()  # the trap works


@pytest.mark.parametrize("member", ["imgs", "latents_classes"])
def test_pickle_in_place_of_an_array_is_refused(tmp_path: Path, sprung: Path, member: str) -> None:
    arrays: dict[str, Any] = {member: np.array([Trap(sprung)] * TINY.n, object)}
    np.savez(tmp_path / "file.npz", **arrays)
    with pytest.raises(DataError, match="and type object"):
        list(read_packed(tmp_path / "file.npz", grid=TINY))
    assert not sprung.exists()


def test_numpy_reads_all_members_without_pickles(tmp_path: Path, whole: PackedImages) -> None:
    write_official(tmp_path / "file.npz", whole, grid=TINY)
    with np.load(tmp_path / "file.npz", allow_pickle=False) as file:
        assert file.files == ["metadata", "imgs", "latents_classes", "latents_values"]
        np.testing.assert_array_equal(file["imgs"], images(TINY.factors()))
        np.testing.assert_array_equal(file["latents_classes"][:, 0], 0)
        np.testing.assert_array_equal(file["latents_classes"][:, 1:], TINY.factors())
        np.testing.assert_array_equal(file["latents_values"][:, 0], 1)
        np.testing.assert_array_equal(file["latents_values"][:, 1:], TINY.values())


def test_metadata_is_read_like_the_official_dictionary(tmp_path: Path, whole: PackedImages) -> None:
    write_official(tmp_path / "file.npz", whole, grid=TINY)
    with np.load(tmp_path / "file.npz", allow_pickle=False) as file:
        metadata = file["metadata"][()]
    assert metadata["latents_sizes"].tolist() == [1, 3, 6, 40, 32, 32]
    assert metadata["latents_names"][3] == "orientation"
    np.testing.assert_array_equal(
        metadata["latents_possible_values"]["scale"], np.linspace(0.5, 1, 6)
    )


def test_same_images_make_the_same_file(tmp_path: Path, whole: PackedImages) -> None:
    for name in ("one.npz", "other.npz"):
        write_official(tmp_path / name, whole, grid=TINY)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_fortran_order_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "file.npz", imgs=np.asfortranarray(images(TINY.factors())))
    with pytest.raises(DataError, match="is in Fortran order"):
        list(read_packed(tmp_path / "file.npz", grid=TINY))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda npy: npy[:-1], "imgs ends too early"),
        (lambda npy: b"junk" + npy, "the magic string is not correct"),
        (lambda npy: npy[:6] + b"\x03" + npy[7:], r"unknown npy version \(3, 0\)"),
    ],
    ids=["short", "junk", "version"],
)
def test_damaged_member_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    np.save(tmp_path / "imgs.npy", images(TINY.factors()))
    with ZipFile(tmp_path / "file.npz", "w") as archive:
        archive.writestr("imgs.npy", change((tmp_path / "imgs.npy").read_bytes()))
    with pytest.raises(DataError, match=message):
        list(read_packed(tmp_path / "file.npz", grid=TINY))
