"""Cars3D: a MATLAB file for each car, in a folder or in the archive as it is published."""

from __future__ import annotations

import tarfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from disbench.datasets.images import WIDTH
from disbench.datasets.original import Original
from disbench.errors import DataError
from disbench.foreign import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CITATION = "Reed, Zhang, Zhang & Lee, Deep Visual Analogy-Making, NIPS 2015"

FOLDER = "cars"
"""Of the archive, which has other data beside it."""

N_AXES = 5
"""Of a car: height, width, channels, azimuths, elevations."""


def read(source: Path) -> Original:
    """The published images, scaled to 64 x 64: object (by file name), azimuth, elevation.

    They are scaled by Pillow's Lanczos filter, as in the code of Locatello et al. 2019. Each file
    is a car, (128, 128, 3, 24, 4) bytes.

    Raises `DataError` where there are no such files.
    """
    with _meshes(source) as paths:
        *_, n_azimuths, n_elevations = _mesh(paths[0]).shape
    factors = {"object": len(paths), "azimuth": n_azimuths, "elevation": n_elevations}
    return Original(factors, partial(_blocks, source, (n_azimuths, n_elevations)))


def _blocks(source: Path, views: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """The images of a car at a time: (azimuths * elevations, 64, 64, 3)."""
    with _meshes(source) as paths:
        for path in paths:
            mesh = _mesh(path)
            if mesh.shape[3:] != views:
                raise DataError(f"{path} has {mesh.shape[3:]} views; those before it have {views}")
            images = mesh.transpose(3, 4, 0, 1, 2).reshape(-1, *mesh.shape[:3])
            yield np.stack([_scaled(image) for image in images])


def _scaled(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((WIDTH, WIDTH), Image.Resampling.LANCZOS))


def _mesh(path: Path) -> NDArray[Any]:
    """The images of a car: (height, width, 3, azimuths, elevations)."""
    with reading(path):
        try:
            content = loadmat(path, variable_names=["im"])
        except MatReadError as error:
            raise DataError(f"{path} is no MATLAB file: {error}") from None
    mesh = content.get("im", np.empty(0))
    if mesh.ndim != N_AXES or mesh.shape[2] != 3 or not mesh.size or mesh.dtype != np.uint8:  # noqa: PLR2004
        raise DataError(
            f"{path} has 'im' of shape {mesh.shape} and type {mesh.dtype}; Cars3D has "
            "(128, 128, 3, 24, 4) and uint8"
        )
    return np.asarray(mesh)


@contextmanager
def _meshes(source: Path) -> Iterator[list[Path]]:
    """The files of the cars in the order of their names, out of the archive if it is one."""
    if source.is_dir():
        yield _found(source, source)
        return
    with TemporaryDirectory() as folder:
        try:
            with reading(source):
                _unpack(source, Path(folder))
        except tarfile.TarError as error:
            raise DataError(f"{source} is neither a folder nor an archive: {error}") from None
        yield _found(source, Path(folder))


def _unpack(source: Path, folder: Path) -> None:
    """Copy the cars of an archive into a folder, by their names alone: no path leads out of it."""
    with tarfile.open(source) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None and path.parent.name == FOLDER and path.suffix == ".mat":
                with (folder / path.name).open("wb") as file:
                    copyfileobj(content, file)


def _found(source: Path, folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.glob("*.mat") if not path.name.startswith("."))
    if not paths:
        raise DataError(
            f"there are no cars in {source}; expected a folder of *.mat files, or an archive with "
            f"a folder {FOLDER!r} of them"
        )
    return paths
