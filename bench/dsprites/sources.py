"""Where the images of a study come from: the renderer, the official download, or a file."""

from __future__ import annotations

import hashlib
import sys
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from disbench.dsprites.official import FORMATS, read_packed
from disbench.dsprites.packed import PackedImages
from disbench.dsprites.render import RENDERED_SHA256
from disbench.dsprites.whole import cached, rendered
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def open_images(source: str | Path) -> PackedImages:
    """Open the whole set: ``rendered``, ``official`` (downloaded) or the path of an official file.

    All three are mapped from the cache, where they are written the first time.

    Raises
    ------
    DataError
        If the file is not there or not dSprites, or the download fails.
    """
    if source in _BY_NAME:
        return _BY_NAME[str(source)]()
    path = Path(source)
    if path.suffix not in FORMATS or not path.is_file():
        raise DataError(
            f"there are no images at {str(source)!r}: data is {' or '.join(map(repr, _BY_NAME))}, "
            f"or the path of an official file ({', '.join(FORMATS)})"
        )
    return _file(path)


def identify(source: str | Path) -> str:
    """Give the SHA-256 of what `open_images` opens; that of the rendered images without drawing.

    Raises
    ------
    DataError
        As `open_images` does.
    """
    return RENDERED_SHA256 if source == "rendered" else open_images(source).sha256


def _official() -> PackedImages:
    # Half of the time that the package takes to import, for those who download.
    from disbench.dsprites.download import official_file  # noqa: PLC0415

    return _file(official_file(progress=sys.stderr.isatty()))


def _file(path: Path) -> PackedImages:
    with path.open("rb") as file:
        identity = hashlib.file_digest(file, "sha256").hexdigest()
    packed, sha256 = cached(f"file-{identity[:16]}", partial(read_packed, path))
    return PackedImages(packed, sha256, str(path))


_BY_NAME: Mapping[str, Callable[[], PackedImages]] = MappingProxyType(
    {"rendered": rendered, "official": _official}
)
