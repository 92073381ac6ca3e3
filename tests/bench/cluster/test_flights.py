"""A run on its way to a worker: whatever goes wrong there, its claim is let go of and told of."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, cast

import pytest

from disbench.claims import Claim
from disbench.outcomes import Outcome
from disbench.plan import make_plan
from disbench.sittings import Interval
from disbench.store import Store

pytest.importorskip("distributed")

from disbench.cluster import flights
from disbench.cluster.flights import Flight, send
from disbench.cluster.parcels import Parcel
from disbench.cluster.tasks import Errand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.study import Study

FULL = OSError(errno.ENOSPC, "No space left on device")


class _Client:
    """A client that notes what it is given, or raises that."""

    def __init__(self, error: BaseException | None = None, status: str = "running") -> None:
        self.error = error
        self.status = status
        self.given: list[object] = []

    def submit(self, _: object, *arguments: object, **__: object) -> Any:
        self.given.extend(arguments)
        if self.error is not None:
            raise self.error
        return "future"


@pytest.fixture
def cell(make_study: Callable[..., Study], tmp_path: Path, cache: Path) -> Cell:  # noqa: ARG001
    """A cell of which nothing has been done."""
    study = make_study(objectives=[{"name": "ae"}])
    plan = make_plan(study, tmp_path / "o", device="cpu", checkpoint=Interval(steps=2))
    Store(plan.directory).open_for(plan.study)
    [only] = plan.cells
    return only


def _send(client: Any, cell: Cell) -> Any:
    return send(client, Errand("session", 0, cell), "tcp://there:1", shares=False)


def _is_claimed(cell: Cell) -> bool:
    return Store(cell.directory).under_way() != {}


def test_claim_that_cannot_be_written_halts_the_grid(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(_: Claim) -> bool:
        raise FULL

    monkeypatch.setattr(Claim, "take", take)
    outcome = _send(_Client(), cell)
    assert (outcome.status, "free some space" in outcome.error) == ("halted", True)


def test_failure_stays_here_damaged_or_not(cell: Cell) -> None:
    (Store(cell.directory).failures / f"{cell.run.id}.json").write_text("{")
    client = _Client()
    flight = _send(client, cell)
    [_, parcel] = client.given
    assert parcel.failure is None
    assert _is_claimed(cell)
    flight.claim.leave()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError(), TimeoutError(), FULL])
def test_claim_is_let_go_of_whatever_is_raised(cell: Cell, error: BaseException) -> None:
    try:
        _send(_Client(error), cell)
    except (KeyboardInterrupt, ValueError) as raised:
        assert raised is error  # noqa: PT017 - some are raised, some are not
    assert not _is_claimed(cell)


@pytest.mark.parametrize("error", [OSError("closing"), AttributeError("scatter"), TimeoutError()])
@pytest.mark.parametrize("shares", [True, False])
def test_scheduler_that_is_lost_is_no_failure_of_the_run(
    cell: Cell, error: Exception, *, shares: bool
) -> None:
    client: Any = _Client(error, status="closed")
    outcome = send(client, Errand("session", 0, cell), "tcp://there:1", shares=shares)
    assert (outcome.status, outcome.error) == ("halted", flights.LOST)
    assert Store(cell.directory).failed() == {}
    assert not _is_claimed(cell)


class _Future:
    """A task that has ended."""

    client = _Client()

    def __init__(self, status: str, *, answer: object = None, error: Exception = FULL) -> None:
        self.status = status
        self.answer = answer
        self.error = error

    def done(self) -> bool:
        return True

    def release(self) -> None:
        pass

    def exception(self) -> Exception:
        return self.error

    def result(self, **_: object) -> object:
        return self.answer


@pytest.mark.parametrize("is_raised", [True, False])
def test_full_disk_of_a_worker_is_not_that_of_the_results(cell: Cell, *, is_raised: bool) -> None:
    halted = Outcome(cell.run, "halted", 0.0, "cannot write to /tmp/x (No space left on device)")
    future = _Future("error") if is_raised else _Future("finished", answer=(halted, Parcel({}, {})))
    claim = Store(cell.directory).claim(cell.run)
    assert claim.take()
    errand, there = Errand("session", 0, cell), "tcp://there:1"
    flight = Flight(errand, there, cast("Any", future), claim)
    outcome = flight.land()
    assert outcome is not None
    assert outcome.status == "failed"
    assert "worker tcp://there:1: " in outcome.error
    assert "No space left on device" in outcome.error
    assert str(cell.directory) not in outcome.error
    failure = Store(cell.directory).failure(cell.run)
    assert failure is not None
    assert failure.error == outcome.error
    assert not _is_claimed(cell)


def test_failure_that_cannot_be_kept_halts_the_grid(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note_failure(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(Store, "note_failure", note_failure)
    outcome = flights._went_wrong(cell, ValueError("what"))
    assert (outcome.status, "free some space" in outcome.error) == ("halted", True)
