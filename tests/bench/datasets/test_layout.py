"""A file says how many values each factor has; what does not add up is refused with a reason."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from disbench.datasets import pixels
from disbench.datasets.layout import has_layout, read_layout
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

IMAGES = np.zeros((6, 64, 64, 3), np.uint8)


@pytest.mark.parametrize("name", ["set.npz", "set.h5", "set.hdf5"])
def test_layout_is_read_in_every_format(name: str, write_file: Callable[..., Path]) -> None:
    path = write_file(name, images=IMAGES, factor_sizes=[2, 3], factor_names=["hue", "size"])
    layout = read_layout(path)
    assert layout.factors == {"hue": 2, "size": 3}
    assert layout.pixels.shape == (6, 64, 64, 3)
    assert has_layout(path)


def test_factors_without_names_are_numbered(write_file: Callable[..., Path]) -> None:
    path = write_file(images=IMAGES, factor_sizes=[2, 1, 3])
    assert read_layout(path).factors == {"factor0": 2, "factor2": 3}


def test_factor_of_one_value_is_left_out(write_file: Callable[..., Path]) -> None:
    names = ["colour", "hue", "size"]
    path = write_file(images=IMAGES, factor_sizes=[1, 2, 3], factor_names=names)
    assert read_layout(path).factors == {"hue": 2, "size": 3}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": IMAGES.astype(float)}, r"images has type float64; expected uint8"),
        ({"images": IMAGES[:, :32]}, r"shape \(6, 32, 64, 3\); expected \(n, 64, 64\)"),
        ({"images": IMAGES[..., :2]}, r"shape \(6, 64, 64, 2\); expected"),
        ({"images": IMAGES[:0]}, r"shape \(0, 64, 64, 3\); expected"),
        ({"factor_sizes": [2, 2]}, r"has 6 images, and factor_sizes \[2, 2\] make 4; expected an"),
        ({"factor_sizes": [6.0]}, r"factor_sizes is \[6.0\] of type float64; expected 1 to 64"),
        ({"factor_sizes": [[2, 3]]}, r"factor_sizes is \[\[2, 3\]\]"),
        ({"factor_sizes": [-2, -3]}, r"expected 1 to 64 whole numbers above 0"),
        ({"factor_sizes": np.ones(65, int)}, r"factor_sizes is \.\.\. of"),
        ({"factor_sizes": [6, 1]}, r"expected two or more of at least two values"),
        ({"factor_names": ["a"]}, r"factor_names is 'a'; expected 2 different words"),
        ({"factor_names": ["a", "a"]}, r"expected 2 different words of 1 to 100 characters"),
        ({"factor_names": ["a", ""]}, r"expected 2 different words"),
        ({"factor_names": ["a", "b\x1b[2J"]}, r"factor_names is 'a', 'b\\x1b\[2J'; expected"),
    ],
)
def test_what_does_not_add_up_is_refused(
    changes: dict[str, Any], said: str, write_file: Callable[..., Path]
) -> None:
    content = {"images": IMAGES, "factor_sizes": [2, 3], "factor_names": ["a", "b"]} | changes
    with pytest.raises(DataError, match=said):
        read_layout(write_file(**content))


def test_file_as_it_was_published_is_to_be_converted(write_file: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match=r"has no 'factor_sizes'.*`disbench data convert`"):
        read_layout(write_file("mpi3d.npz", images=IMAGES))


def test_file_without_images_is_another_file(write_file: Callable[..., Path]) -> None:
    path = write_file(imgs=IMAGES, factor_sizes=[2, 3])
    assert not has_layout(path)
    with pytest.raises(DataError, match="has no 'images'; it has imgs, factor_sizes"):
        read_layout(path)


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was loaded",)


@pytest.mark.parametrize("key", ["images", "factor_sizes", "factor_names"])
def test_pickle_is_not_loaded(key: str, write_file: Callable[..., Path]) -> None:
    content: dict[str, Any] = {"images": IMAGES, "factor_sizes": [2, 3], "factor_names": ["a", "b"]}
    bomb = np.empty(2, object)
    bomb[:] = [_Bomb(), _Bomb()]
    assert pickle.dumps(bomb)
    with pytest.raises(DataError, match="entries of type object"):
        read_layout(write_file(**content | {key: bomb}))


def test_links_to_other_files_are_not_followed(
    tmp_path: Path, write_file: Callable[..., Path]
) -> None:
    write_file("other.h5", images=IMAGES)
    path = write_file("set.h5", factor_sizes=[2, 3])
    with h5py.File(path, "a") as file:
        file["images"] = h5py.ExternalLink("other.h5", "images")
    with pytest.raises(DataError, match="lies in other files; copy it into this one"):
        read_layout(path)
    raw = tmp_path / "raw.bin"
    raw.write_bytes(bytes(IMAGES.nbytes))
    with h5py.File(path, "a") as file:
        del file["images"]
        file.create_dataset("images", IMAGES.shape, np.uint8, external=[(raw, 0, IMAGES.nbytes)])
    with pytest.raises(DataError, match="lies in other files; copy it into this one"):
        read_layout(path)


def test_claim_of_more_than_a_file_can_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        chunks = (1, 64, 64, 3)
        file.create_dataset(
            "images", (10**6, 64, 64, 3), np.uint8, chunks=chunks, compression="gzip"
        )
        file["factor_sizes"] = [1000, 1000]
    with pytest.raises(DataError, match="and stores 0 for them"):
        read_layout(path)


def test_fortran_order_is_refused_with_what_to_do(write_file: Callable[..., Path]) -> None:
    path = write_file(images=np.asfortranarray(IMAGES), factor_sizes=[2, 3])
    with pytest.raises(DataError, match=r"in Fortran order; save np\.ascontiguousarray of it"):
        read_layout(path)


@pytest.mark.parametrize("name", ["set.npz", "set.h5"])
def test_file_that_is_none_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"no such file")
    with pytest.raises(DataError, match=f"{name} cannot be read as"):
        read_layout(path)


@pytest.mark.parametrize(("most", "longest"), [(16, 7), (5, 5)])
def test_images_come_in_blocks_whatever_the_chunks(
    most: int,
    longest: int,
    tmp_path: Path,
    coloured: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of whole chunks, unless these would fill the memory."""
    monkeypatch.setattr(pixels, "BLOCK", 2)
    monkeypatch.setattr(pixels, "MOST_ROWS", most)
    path = tmp_path / "set.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=coloured, chunks=(7, 64, 64, 3), compression="gzip")
        file["factor_sizes"] = [4, 3, 5]
    blocks = list(read_layout(path).pixels.blocks())
    assert np.array_equal(np.concatenate(blocks), coloured)
    assert max(len(block) for block in blocks) == longest
