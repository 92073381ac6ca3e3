"""The layout of a file of images on a full grid of factors, whatever the factors."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a named tuple keeps its annotations
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from disbench.datasets.pixels import FORMATS, Pixels, pixels_in
from disbench.errors import DataError
from disbench.foreign import reading, some

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MOST_FACTORS = 64
MOST_CHARACTERS = 100


class Layout(NamedTuple):
    """The pixels of a file, and how many values each factor has, by name, slowest first."""

    pixels: Pixels
    factors: Mapping[str, int]


def has_layout(path: Path) -> bool:
    """Whether a file has ``images``, by which it is told from an official file of dSprites."""
    with reading(path):
        return "images" in FORMATS[path.suffix].names(path)


def read_layout(path: Path) -> Layout:
    """What a file declares: ``images``, ``factor_sizes`` and, if it has them, ``factor_names``.

    The images are those of every combination of the factors' values, the last factor fastest. A
    factor of one value tells nothing and is left out. Without names they are factor0, factor1, ...

    Raises `DataError` for anything else, which says what was found and expected.
    """
    pixels = pixels_in(path)
    with reading(path):
        there = FORMATS[path.suffix].names(path)
        if "factor_sizes" not in there:
            raise DataError(
                f"{path} has no 'factor_sizes', how many values each factor has; it has "
                f"{some(there)}. Files of Shapes3D, MPI3D and Cars3D are made ready by "
                "`disbench data convert`"
            )
        sizes = _sizes(path, FORMATS[path.suffix].array(path, "factor_sizes"))
        named = "factor_names" in there
        names = FORMATS[path.suffix].array(path, "factor_names") if named else None
    _check_product(pixels, sizes)
    found = dict(zip(_names(path, names, len(sizes)), sizes, strict=True))
    return Layout(pixels, _that_vary(path, found))


def _sizes(path: Path, array: NDArray[Any]) -> list[int]:
    whole = array.ndim == 1 and np.issubdtype(array.dtype, np.integer)
    if not whole or not 1 <= len(array) <= MOST_FACTORS or array.min() < 1:
        raise DataError(
            f"{path}: factor_sizes is {array.tolist() if array.size <= MOST_FACTORS else '...'} of "
            f"type {array.dtype}; expected 1 to {MOST_FACTORS} whole numbers above 0, one a factor"
        )
    return [int(size) for size in array]


def _check_product(pixels: Pixels, sizes: list[int]) -> None:
    if prod(sizes) != pixels.n:
        raise DataError(
            f"{pixels.path} has {pixels.n:,} images, and factor_sizes {sizes} make "
            f"{prod(sizes):,}; expected an image of every combination, the last factor fastest"
        )


def _names(path: Path, array: NDArray[Any] | None, n: int) -> list[str]:
    if array is None:
        return [f"factor{k}" for k in range(n)]
    names = [_word(name) for name in array.ravel().tolist()]
    good = all(name.isprintable() and 1 <= len(name) <= MOST_CHARACTERS for name in names)
    if len(names) != n or len(set(names)) < n or not good:
        raise DataError(
            f"{path}: factor_names is {some(list(map(repr, names)))}; expected {n} different "
            f"words of 1 to {MOST_CHARACTERS} characters, one for each of factor_sizes"
        )
    return names


def _word(name: object) -> str:
    """A name as text: HDF5 keeps bytes."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _that_vary(path: Path, factors: Mapping[str, int]) -> Mapping[str, int]:
    varying = {name: size for name, size in factors.items() if size > 1}
    if len(varying) < 2:  # noqa: PLR2004 - of one factor nothing can be told apart
        raise DataError(
            f"{path} has the factors {dict(factors)}; expected two or more of at least two values, "
            "or there is nothing to disentangle"
        )
    return varying
