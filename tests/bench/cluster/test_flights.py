"""A run on its way to a worker: whatever goes wrong there, its claim is let go of and told of."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from disbench.claims import Claim
from disbench.plan import make_plan
from disbench.sittings import Interval
from disbench.store import Store

pytest.importorskip("distributed")

from disbench.cluster import flights
from disbench.cluster.flights import send
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


def test_failure_that_cannot_be_kept_halts_the_grid(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note_failure(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(Store, "note_failure", note_failure)
    outcome = flights._went_wrong(cell, ValueError("what"))
    assert (outcome.status, "free some space" in outcome.error) == ("halted", True)
