"""Errors of writing, in terms of what was asked for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from disbench.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn an error of the system into a `StoreError` that names the place, not a file on the way.

    What is written appears under a temporary name, which would tell a user nothing.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        at = f" at {error.filename2}" if error.filename2 is not None else ""
        raise StoreError(f"cannot write to {place} ({reason}{at}); choose another place") from None
