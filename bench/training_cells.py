"""The cells of a cohort, trained together and kept each in its own folder."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import torch

from disbench.begun import begun_of
from disbench.cell_images import images_of
from disbench.claims import TakenError
from disbench.cohort_training import train_together
from disbench.cohorts import halves
from disbench.finishing import blamed, train_alone
from disbench.keeping import keep, made_of, recording
from disbench.sittings import StoppedError
from disbench.training import MomentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from disbench.begun import Begun
    from disbench.cells import Cell
    from disbench.outcomes import Outcome
    from disbench.run_folder import RunFolder
    from disbench.sittings import Sittings
    from disbench.training import Moment

CHECKPOINT_SHARE = 1 / 30
"""Checkpoints of many runs take long: no more of the time than this goes into them."""


class Left(NamedTuple):
    """What a cohort leaves to be told: outcomes of those that are not trained, and notes by run id.

    They failed, were stopped, or are in other hands; notes say what was set aside on the way.
    """

    outcomes: list[Outcome]
    notes: dict[str, tuple[str, ...]]


def train_cells(cells: Sequence[Cell], *, stop: Callable[[], bool]) -> Left:
    """Train what is not trained of these cells, as one cohort if it fits, else in halves."""
    with ExitStack() as stack:
        begun, outcomes = begun_of(cells, stop, stack)
        for _, group in groupby(sorted(begun, key=attrgetter("step")), key=attrgetter("step")):
            outcomes += _trained(list(group), stop)
    return Left(outcomes, {b.cell.run.id: tuple(b.sittings.notes) for b in begun})


def _trained(begun: list[Begun], stop: Callable[[], bool]) -> list[Outcome]:
    """Train these runs, all of which go on from one step; in halves if they do not fit."""
    outcomes = _attempted(begun, stop)
    if outcomes is not None:
        return outcomes
    if len(begun) == 1:
        return _trained(begun, stop)
    # Only here, where no traceback holds on to them any more, are the tensors of the attempt gone.
    torch.cuda.empty_cache()
    return [outcome for half in halves(begun) for outcome in _trained(half, stop)]


def _attempted(begun: list[Begun], stop: Callable[[], bool]) -> list[Outcome] | None:
    """The outcomes of an attempt, None if another is due: with fewer runs, or another moment."""
    try:
        return _train(begun, stop)
    except StoppedError:
        return [each.outcome("stopped") for each in begun]
    except Exception as error:  # noqa: BLE001 - whatever it was, other cohorts are not to blame
        if stop():  # which may have come to what it depends on first
            return [each.outcome("stopped") for each in begun]
        if isinstance(error, torch.cuda.OutOfMemoryError | MomentError) and len(begun) > 1:
            return None
        if isinstance(error, MomentError):
            begun[0].refuse(error)
            return None
        return [each.outcome(*blamed(error, each.cell)) for each in begun]


def _train(begun: list[Begun], stop: Callable[[], bool]) -> list[Outcome]:
    """Train these runs, and return the outcomes of those that are not kept."""
    first = begun[0]
    if first.cell.run.is_baseline:
        return _those(_blameable(each, train_alone) for each in begun)
    for each in begun:
        each.sittings.share(len(begun))
    with ExitStack() as stack:
        on_records = [
            stack.enter_context(recording(each.cell, each.folder, start=each.step))
            for each in begun
        ]
        trained = train_together(
            [each.cell.run for each in begun],
            images_of(first.cell),
            device=first.cell.device,
            on_record=lambda place, losses: on_records[place](losses),
            after_steps=_Checkpoints(begun, stop).after_steps,
            moments=None if first.moment is None else _moments(begun),
        )
    return _those(
        each.outcome("elsewhere")
        if each.lost
        else _blameable(each, partial(keep, made_of(each.cell.run, made)))
        for each, made in zip(begun, trained, strict=True)
    )


def _blameable(each: Begun, call: Callable[[Cell, RunFolder, Sittings], object]) -> Outcome | None:
    """Make a call for a run; the outcome if it goes wrong, for which no other is blamed."""
    try:
        call(each.cell, each.folder, each.sittings)
    except Exception as error:  # noqa: BLE001 - as of a cell on its own
        return each.outcome(*blamed(error, each.cell))
    return None


def _those(outcomes: Iterable[Outcome | None]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome is not None]


def _moments(begun: Sequence[Begun]) -> list[Moment]:
    return [each.moment for each in begun if each.moment is not None]


@dataclass
class _Checkpoints:
    """Writes those of all runs of a cohort after the same step: they go on together."""

    begun: Sequence[Begun]
    stop: Callable[[], bool]
    _not_before: float = field(default=0.0)

    def after_steps(self, step: int, moments: Mapping[int, Callable[[], Moment]]) -> None:
        """Write checkpoints if they are due; if asked to stop, write them and raise."""
        stop, now = self.stop(), time.monotonic()
        ours = {place: m for place, m in moments.items() if not self.begun[place].lost}
        is_due = any(self.begun[place].sittings.is_due(step) for place in ours)
        if stop or (is_due and now >= self._not_before):
            for place, moment in ours.items():
                self._save(self.begun[place], step, moment)
            written = time.monotonic()
            self._not_before = written + (written - now) / CHECKPOINT_SHARE
        if stop:
            raise StoppedError

    @staticmethod
    def _save(each: Begun, step: int, moment: Callable[[], Moment]) -> None:
        try:
            each.sittings.save(step, moment())
        except TakenError:
            each.lost = True
