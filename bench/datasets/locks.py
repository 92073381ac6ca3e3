"""One process at a time."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that belongs to a file; it ends with the block, and with the process.

    Where there can be no lock (a read-only folder, some network drives) the block runs without.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            lock = stack.enter_context(path.with_name(f"{path.name}.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
