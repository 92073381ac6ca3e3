"""A run on its way to a worker of a cluster and back, with its files if they have to travel."""

from __future__ import annotations

import traceback
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from distributed import KilledWorker

from disbench.cells import is_done
from disbench.claims import TakenError
from disbench.cluster.parcels import ParcelError, keep, pack
from disbench.cluster.tasks import finish_parcel, finish_there
from disbench.errors import DamagedError
from disbench.outcomes import Outcome, summary
from disbench.sittings import Sittings
from disbench.store import Store
from disbench.writing import trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client, Future

    from disbench.cells import Cell
    from disbench.claims import Claim
    from disbench.cluster.parcels import Parcel
    from disbench.cluster.tasks import Errand

RESULT_SECONDS = 60.0
LOST = "the connection to the Dask scheduler was lost"


@dataclass
class Flight:
    """A run that a worker was sent; where it does not see the run's files, the claim is ours."""

    errand: Errand
    worker: str
    future: Future
    claim: Claim | None = None
    notes: tuple[str, ...] = ()
    has_begun: bool = False

    @property
    def cell(self) -> Cell:
        """The cell that the run is of."""
        return self.errand.cell

    def land(self) -> Outcome | None:
        """How the run ended, with its files kept; None if that was lost with its worker."""
        try:
            return self._landed()
        except TakenError:
            return Outcome(self.cell.run, "elsewhere", 0.0)
        except (OSError, ParcelError, DamagedError) as error:
            return _went_wrong(self.cell, error)
        finally:
            self.drop()

    def drop(self) -> None:
        """Let go of it: the worker is to leave it, and others may have it."""
        if self.future.done():
            self.future.release()  # which does not wait for the scheduler
        else:
            self.future.cancel()
        if self.claim is not None:
            self.claim.leave()

    def _landed(self) -> Outcome | None:
        if self.future.status in {"cancelled", "lost"}:
            is_there = self.future.client.status == "running"
            return None if is_there else Outcome(self.cell.run, "halted", 0.0, LOST)
        if self.future.status == "error":
            return self._erred()
        answer = _result(self.future)
        if answer is None:
            return None
        outcome: Outcome = answer if self.claim is None else self._unpacked(*answer)
        return replace(outcome, notes=(*self.notes, *outcome.notes))

    def _unpacked(self, outcome: Outcome, parcel: Parcel) -> Outcome:
        if self.claim is not None:
            self.claim.check()
        store = Store(self.cell.directory)
        if outcome.status == "halted":  # by the worker's disk, which is not that of the results
            with suppress(DamagedError):  # what was whole before is worth going on from
                keep(parcel, store, self.cell.run)
            return _failed(self.cell, f"worker {self.worker}: {outcome.error}")
        keep(parcel, store, self.cell.run)
        if outcome.status in {"done", "diverged"}:
            store.forget_failure(self.cell.run)
        return outcome

    def _erred(self) -> Outcome | None:
        error = self.future.exception()
        if isinstance(error, KilledWorker):
            return Outcome(self.cell.run, "killed", 0.0) if self.has_begun else None
        return _failed(self.cell, f"worker {self.worker}: {summary(error)}", _trace(error))


def send(client: Client, errand: Errand, worker: str, *, shares: bool) -> Flight | Outcome | None:
    """Send a cell to a worker, which `shares` the file system or is sent what there is of the run.

    An outcome comes back where there is nothing to send: the run is done, or in other hands, or
    there is no scheduler any more; None where the worker is gone.
    """
    try:
        if shares:
            return Flight(errand, worker, _submit(client, worker, finish_there, errand))
        return _sent_with_files(client, errand, worker)
    except Exception as error:  # noqa: BLE001 - a client that was closed raises all kinds
        return _unsent(errand.cell, error, is_lost=client.status != "running")


def _unsent(cell: Cell, error: Exception, *, is_lost: bool) -> Outcome | None:
    """What it means that a cell could not be sent."""
    match error:
        case TakenError():
            return Outcome(cell.run, "elsewhere", 0.0)
        case _ if is_lost:
            return Outcome(cell.run, "halted", 0.0, LOST)
        case TimeoutError():
            return None
        case OSError() | DamagedError():
            return _went_wrong(cell, error)
    raise error


def _sent_with_files(client: Client, errand: Errand, worker: str) -> Flight | Outcome:
    """Send a cell with what there is of its run, and hold the claim to that if it has gone off.

    Raises `TakenError` where the run is in other hands.
    """
    cell = errand.cell
    store, notes = Store(cell.directory), list[str]()
    with ExitStack() as stack:
        claim = store.claim(cell.run)
        if not claim.take():
            raise TakenError
        stack.callback(claim.leave)
        _mend(cell, store, claim, notes)
        if is_done(cell):
            return Outcome(cell.run, "done", 0.0, notes=tuple(notes))
        future = _submit(client, worker, finish_parcel, errand, _sent(client, worker, cell))
        stack.pop_all()
    return Flight(errand, worker, future, claim, tuple(notes))


def _submit(
    client: Client, worker: str, task: Callable[..., object], errand: Errand, *parcel: object
) -> Future:
    """The future of a task on this worker, and no other."""
    key = (errand.session, errand.number)
    return client.submit(task, errand, *parcel, key=key, workers=[worker], pure=False)


def _sent(client: Client, worker: str, cell: Cell) -> object:
    """What there is of a run, on its way apart from the task: the scheduler would keep it."""
    parcel = pack(Store(cell.directory), cell.run)
    if not parcel.finished and not parcel.begun:
        return parcel
    return client.scatter(parcel, workers=[worker], hash=False)


def _mend(cell: Cell, store: Store, claim: Claim, notes: list[str]) -> None:
    """Set aside what is damaged before it is sent."""
    sittings = Sittings(cell.run, store, cell.checkpoint, claim, lambda: False, notes)
    if store.folder(cell.run).is_trained:
        sittings.mend(store.folder(cell.run))
    if not store.folder(cell.run).is_trained:
        sittings.begin()


def _result(future: Future) -> Any:  # noqa: ANN401 - whatever the task returns
    """What a task returned; None if the worker was lost before that was fetched."""
    while future.status == "finished":
        with suppress(TimeoutError):
            return future.result(timeout=RESULT_SECONDS)
    return None


def _went_wrong(cell: Cell, error: Exception) -> Outcome:
    """The outcome of what went wrong on the way and not in the run, kept as its failure."""
    if (problem := trouble(error, cell.directory)) is not None:
        return Outcome(cell.run, "halted", 0.0, problem)
    return _failed(cell, summary(error), _trace(error))


def _failed(cell: Cell, reason: str, trace: str = "") -> Outcome:
    """The outcome of a run that failed, once that is kept; without room for it no run can go on."""
    try:
        Store(cell.directory).note_failure(cell.failure(reason, trace))
    except OSError as error:
        problem = trouble(error, cell.directory) or summary(error)
        return Outcome(cell.run, "halted", 0.0, problem)
    return Outcome(cell.run, "failed", 0.0, reason)


def _trace(error: Exception) -> str:
    return "".join(traceback.format_exception(error))
