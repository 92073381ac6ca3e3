"""Files that somebody else wrote: what they declare is checked before any of it is read."""

from __future__ import annotations

import struct
import tokenize
import zlib
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MOST_RATIO = 1032
"""A byte of deflate unpacks to no more (two bits make 258 bytes), and nothing packs codes better.
"""

FLOOR = 64 * 2**20
"""Bytes that any file may declare: ten constant columns of all dSprites pack to next to nothing."""

MOST_VALUES = 10**9
"""All dSprites in 1,024 dimensions, the most that a study may have, are 755 million."""

MOST_NAMED = 20

BROKEN = (
    ArithmeticError,  # OverflowError: a size that no integer of C holds
    AttributeError,  # numpy and pandas, of metadata that is of another type than they take for
    BadZipFile,
    EOFError,
    LookupError,  # KeyError, IndexError: of HDF5 links and pandas metadata
    MemoryError,
    OSError,  # of HDF5 and Arrow also where the bytes are at fault
    RecursionError,
    RuntimeError,  # h5py; zipfile, of encrypted members; NotImplementedError
    SyntaxError,  # numpy, of headers
    TypeError,
    ValueError,  # UnicodeError and what Arrow raises, too
    struct.error,
    tokenize.TokenError,
    zlib.error,
)
"""What h5py, numpy, pandas and pyarrow were seen to raise on broken bytes."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what a reader raises on a broken file into a `DataError` that names the file."""
    try:
        yield
    except (DataError, ImportError):
        raise
    except BROKEN as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{path} cannot be read as {path.suffix}: {reason}") from None


def check_declared(
    path: Path,
    shape: Sequence[int],
    itemsize: int,
    *,
    stored: int,
    ratio: int = MOST_RATIO,
    most: int | None = None,
) -> None:
    """Refuse an array that is larger than the bytes `stored` for it can be, or of over `most`.

    Without `most` the bound is that of codes. Raises `DataError`, which names the file, what it
    declares and the bound.
    """
    n_values, most = prod(shape), MOST_VALUES if most is None else most
    declared = f"{path} declares {' x '.join(f'{n:,}' for n in shape) or 'a scalar'}"
    if min(shape, default=0) < 0 or n_values > most:
        raise DataError(f"{declared} values; at most {most:,} are read")
    most_bytes = ratio * stored + FLOOR
    if n_values * itemsize > most_bytes:
        raise DataError(
            f"{declared} values, {n_values * itemsize:,} bytes, and stores {stored:,} for them, "
            f"which can hold {most_bytes:,}; write the file anew"
        )


def check_plain(path: Path, dtype: object, *, kind: str) -> None:
    """Refuse whatever is neither numbers nor words: objects are pickles or pointers.

    `kind` is the letter that numpy has for the kind of the `dtype`. Raises `DataError`.
    """
    if kind in "OV":
        raise DataError(
            f"{path} holds entries of type {dtype}; expected numbers, or text of a fixed length"
        )


def chosen(path: Path, key: str | None, names: Sequence[str]) -> str:
    """The name of the array to read: the key, or without one that of the only array.

    Raises `DataError` for a key that is not there, and where there is a choice.
    """
    if key in names or (key is None and len(names) == 1):
        return key or names[0]
    if not names:
        raise DataError(f"{path} holds no arrays")
    problem = "holds several arrays, name one" if key is None else f"has no {key!r}"
    raise DataError(f"{path} {problem}; it has {some(names)}")


def some(names: Sequence[str]) -> str:
    """The names, or of very many the first and how many more."""
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
