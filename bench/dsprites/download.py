"""Fetch the official dSprites file, for those who want it rather than the rendered images."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pooch
import requests
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

from disbench.datasets.cache import folder
from disbench.datasets.locks import locked
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = "https://raw.githubusercontent.com/google-deepmind/dsprites-dataset/master/"

# The HDF5 file and not the npz: no checksum of the npz has been published.
NAME = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5"
MD5 = "md5:b331c4447a651c44bf5e8ae09022e230"

_SECONDS_TO_CONNECT, _SECONDS_OF_SILENCE = 10, 60
_PIECE = 2**18


def official_file(*, progress: bool = False) -> Path:
    """Give the path of the official HDF5 file in the cache, downloaded if it is not there yet.

    Raises
    ------
    DataError
        See `fetch`.
    """
    return fetch(ADDRESS, NAME, MD5, folder(), progress=progress)


def fetch(
    address: str, name: str, checksum: str, into: Path, *, retries: int = 2, progress: bool = False
) -> Path:
    """Give the path of a file in the folder, downloaded unless it is there with this checksum.

    What an interrupted download has left is taken up where the server allows. ``progress`` shows
    a bar on stderr.

    Raises
    ------
    DataError
        If it cannot be had: offline, refused by the server, another checksum, no place to write.
    """
    registry = pooch.create(into, address, registry={name: checksum}, retry_if_failed=retries)
    downloader = partial(_resume, part=into / f"{name}.part", progress=progress)
    try:
        into.mkdir(parents=True, exist_ok=True)
        with locked(into / name):  # two processes must not add to the same part
            return Path(registry.fetch(name, downloader=downloader))
    except (OSError, ValueError) as error:  # requests raises OSErrors, pooch ValueErrors
        raise DataError(
            f"{address}{name} cannot be downloaded: {error}. The same images are drawn without "
            f'any download by data = "rendered", the default.'
        ) from error


def _resume(url: str, output: str, _: pooch.Pooch, *, part: Path, progress: bool) -> None:
    """Download to the output, by way of a part that stays if the connection breaks."""
    have = part.stat().st_size if part.exists() else 0
    # Unpacked on the way the bytes could not be counted, hence identity.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    timeout = (_SECONDS_TO_CONNECT, _SECONDS_OF_SILENCE)
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()  # longer than the file: of another version, so start again
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            have = 0
        with part.open("ab" if have else "wb") as file:
            for piece in _pieces(response, have, progress=progress):
                file.write(piece)
    part.replace(output)


def _pieces(response: requests.Response, have: int, *, progress: bool) -> Iterator[bytes]:
    length = response.headers.get("Content-Length")
    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True, emoji=False), disable=not progress) as bar:
        total = have + int(length) if length else None
        task = bar.add_task("dSprites", total=total, completed=have)
        for piece in response.iter_content(_PIECE):
            yield piece
            bar.advance(task, len(piece))
