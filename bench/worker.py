"""What a worker process does beside its cells: heed its parent, and not outlive it."""

from __future__ import annotations

import os
import signal
import time
from threading import Event, Thread
from typing import TYPE_CHECKING

from disbench.finishing import finish
from disbench.models.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.models.objective import Objective
    from disbench.outcomes import Outcome
    from disbench.seeing import Seen

GOING = "going"
"""The file of a session that is there for as long as its workers are to go on."""
GRACE_SECONDS = 8.0
"""How long a cell may take to get to a checkpoint, before it is given up."""
POLL_SECONDS = 0.2

_terminated, _idle = Event(), Event()


def begin(session: Path, parent: int, objectives: Mapping[str, type[Objective]]) -> None:
    """Make this process a worker of a session, which ends soon after its parent.

    It knows the objectives that its parent has beside the shipped ones.
    """
    OBJECTIVES.update(objectives)
    _heed_signals()
    _idle.set()
    _end_with(parent, session / GOING)


def finish_in_worker(cell: Cell, session: Path, parent: int, seen: Seen | None = None) -> Outcome:
    """Finish a cell, noting in the session's folder that it is under way.

    It leaves at a checkpoint when the session ends, this process gets a SIGTERM, or its parent was
    killed.
    """
    going = session / GOING
    _terminated.clear()

    def stop() -> bool:
        return _terminated.is_set() or not going.exists() or _is_orphan(parent)

    note = session / cell.run.id
    if going.exists():
        note.touch()
    _idle.clear()
    try:
        return finish(cell, stop=stop, seen=seen)
    finally:
        note.unlink(missing_ok=True)
        _idle.set()


def _heed_signals() -> None:
    """Leave Ctrl-C to the parent, whose group gets it too; take SIGTERM for a word to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _terminated.set())


def _end_with(parent: int, going: Path) -> None:
    """End this process soon after its parent: at once if it was told to stop before."""

    def watch() -> None:
        while not _is_orphan(parent):
            time.sleep(POLL_SECONDS)
        if going.exists():  # nobody had the time to say so
            _idle.wait(GRACE_SECONDS)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _is_orphan(parent: int) -> bool:
    return os.getppid() != parent
