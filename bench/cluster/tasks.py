"""What a worker of a Dask cluster does: finish runs, and leave them when it is told to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

from distributed import Status, get_worker

from disbench.cluster.parcels import pack, unpack
from disbench.finishing import finish
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.cells import Cell
    from disbench.cluster.parcels import Parcel
    from disbench.outcomes import Outcome

GOING = frozenset({Status.running, Status.paused})

_left: set[str] = set()
"""The sessions that this process is to leave; the tasks of a worker are threads of it."""


@dataclass(frozen=True)
class Errand:
    """A cell of a session; its `number` is told under the session's name when it begins."""

    session: str
    number: int
    cell: Cell


def finish_there(errand: Errand) -> Outcome:
    """Finish a cell in its directory, which this worker sees."""
    return finish(errand.cell, stop=_begun(errand))


def finish_parcel(errand: Errand, parcel: Parcel) -> tuple[Outcome, Parcel]:
    """Finish a cell of which a parcel holds what there is, and pack what it has become."""
    stop, run = _begun(errand), errand.cell.run
    with TemporaryDirectory(prefix=run.id, dir=get_worker().local_directory) as folder:
        store = Store(Path(folder))
        store.make_folders()
        unpack(parcel, store, run)
        outcome = finish(replace(errand.cell, directory=store.directory), stop=stop)
        return outcome, pack(store, run, failure=store.failure(run))


def leave(session: str) -> None:
    """Have the cells of a session that are under way here left at a checkpoint."""
    _left.add(session)


def shares(probe: Path) -> bool:
    """Whether this worker sees a folder as the client does, and can write there."""
    answer = probe / uuid4().hex
    try:
        answer.touch()
    except OSError:
        return False
    answer.unlink(missing_ok=True)
    return True


def _begun(errand: Errand) -> Callable[[], bool]:
    """Tell that a task has begun; what comes back says whether it is to stop.

    It is to where the session is left, the worker is closing, or nobody waits for the task any
    more, since the client is gone.
    """
    worker = get_worker()
    key = worker.get_current_task()
    worker.log_event(errand.session, {"begun": errand.number})

    def stop() -> bool:
        task = worker.state.tasks.get(key)
        is_wanted = task is not None and task.state == "executing"
        return errand.session in _left or worker.status not in GOING or not is_wanted

    return stop
