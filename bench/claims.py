"""Who works on a run: a lock with an owner and a heartbeat, on one machine or on several."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from filelock import SoftFileLease, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEASE_SECONDS = 60.0
"""An owner that has not renewed its claim for so long has lost it, by the clock of who looks."""
EMPTY_SECONDS = 5.0
"""A lock that has been empty for so long is nobody's: its owner is written right after it."""


class TakenError(Exception):
    """Somebody else works on the run."""


class Claim:
    """A claim as long as it is held: it is lost to another if this process was thought dead."""

    def __init__(self, path: Path) -> None:
        self.lost = Event()
        self._path = path
        self._empty: tuple[tuple[int, int], float] | None = None
        # Its owner is dead if its process is, on this machine; elsewhere if it does not renew it.
        self._lease = SoftFileLease(
            path,
            lease_duration=LEASE_SECONDS,
            timeout=0,
            thread_local=False,
            on_compromise=lambda _: self.lost.set(),
        )

    def take(self) -> bool:
        """Whether the claim is now ours; a dead owner's is taken over."""
        try:
            self._lease.acquire()
        except Timeout:
            self._clear_empty()
            return False
        return True

    def leave(self) -> None:
        """Let others have it."""
        self._lease.release()

    def check(self) -> None:
        """Raise `TakenError` if it was lost, also while this process stood still."""
        owner = self._lease.owner
        if self.lost.is_set() or owner is None or owner.token != self._lease.token:
            raise TakenError

    def _clear_empty(self) -> None:
        """Remove a lock that was left empty, as a power cut does: filelock never would."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return
        this, now = (found.st_ino, found.st_ctime_ns), time.monotonic()
        if self._empty is None or self._empty[0] != this:
            self._empty = (this, now)
        elif found.st_size == 0 and now - self._empty[1] > EMPTY_SECONDS:
            self._path.unlink(missing_ok=True)


@contextmanager
def claimed(path: Path) -> Iterator[Claim]:
    """The claim that a file stands for, held as long as the block lasts.

    Raises `TakenError` where another process holds it.
    """
    claim = Claim(path)
    if not claim.take():
        raise TakenError
    try:
        yield claim
    finally:
        claim.leave()
