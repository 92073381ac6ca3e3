"""The sittings in which a run is trained: from checkpoint to checkpoint, as if it were one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from disbench.checkpoints import Checkpoints, Sitting
from disbench.errors import DamagedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.claims import Claim
    from disbench.records import Provenance
    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.store import Store
    from disbench.training import Moment


class StoppedError(Exception):
    """The run was asked to stop, and is left at a checkpoint."""


@dataclass(frozen=True)
class Interval:
    """How often a checkpoint is written: every so many steps or seconds."""

    steps: int | None = None
    seconds: float | None = None

    def is_over(self, *, steps: int, seconds: float) -> bool:
        """Whether a checkpoint is due so many steps and seconds after the last one."""
        if self.steps is not None and steps >= self.steps:
            return True
        return self.seconds is not None and seconds >= self.seconds


EVERY_MINUTE = Interval(seconds=60.0)


@dataclass
class Sittings:
    """A run in the hands of who holds its claim, until `stop` says to leave it.

    What is found damaged is set aside, and told in `notes`.
    """

    run: Run
    store: Store
    interval: Interval
    claim: Claim
    stop: Callable[[], bool]
    notes: list[str]
    _n_sharing: int = field(default=1, init=False)
    _now: Sitting | None = field(default=None, init=False)
    _resumed: Path | None = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)
    _saved: tuple[int, float] = field(default=(0, 0.0), init=False)

    def check(self) -> None:
        """Raise `StoppedError` if asked to stop, `TakenError` if another has taken the run over."""
        self.claim.check()
        if self.stop():
            raise StoppedError

    def mend(self, folder: RunFolder) -> None:
        """Set aside what of a folder is not as it was written."""
        while (damage := folder.damage()) is not None:
            self.set_aside(damage)

    def set_aside(self, damage: DamagedError) -> None:
        """Set a damaged file aside, and tell of it."""
        self.notes.append(self.store.set_aside(damage))

    def begin(self) -> RunFolder:
        """The folder to work in, with what earlier sittings have left there."""
        folder = self.store.begun(self.run)
        folder.path.mkdir(exist_ok=True)
        for path in folder.path.glob(".*"):  # files that were not written to their end
            if not path.is_dir():
                path.unlink()
        self.mend(folder)
        return folder

    def resume(self, provenance: Provenance) -> Moment | None:
        """The moment to go on from, None for the beginning; from now on this is a sitting."""
        self._since = time.monotonic()
        moment, before = self._last_moment()
        self._saved = (0 if moment is None else moment.step, self._since)
        self._now = _next(before, self.run, provenance)
        return moment

    def share(self, n: int) -> None:
        """From now on, count a share of the time: so many runs are trained together."""
        self._n_sharing, self._since = n, time.monotonic()

    def refuse(self, reason: str) -> None:
        """Set aside the checkpoint that was resumed from: it does not fit the run."""
        if self._resumed is not None:
            self.set_aside(DamagedError(self._resumed, reason))

    def after_step(self, step: int, moment: Callable[[], Moment]) -> None:
        """Write a checkpoint if one is due; if asked to stop, write one and raise."""
        stop = self.stop()
        if stop or self.is_due(step):
            self.save(step, moment())
        if stop:
            raise StoppedError

    def is_due(self, step: int) -> bool:
        """Whether it is time for a checkpoint, so many steps into the run."""
        last_step, last_time = self._saved
        seconds = time.monotonic() - last_time
        return self.interval.is_over(steps=step - last_step, seconds=seconds)

    def save(self, step: int, moment: Moment) -> None:
        """Write a checkpoint."""
        self.claim.check()
        self._checkpoints.write(moment, self.sitting())
        self._saved = (step, time.monotonic())

    def sitting(self) -> Sitting:
        """The sitting and those before it, as of now."""
        if self._now is None:
            raise RuntimeError("a sitting begins with `resume`")
        seconds = self._now.seconds + (time.monotonic() - self._since) / self._n_sharing
        return self._now.model_copy(update={"seconds": seconds})

    def _last_moment(self) -> tuple[Moment | None, Sitting | None]:
        for path in self._checkpoints.paths():
            try:
                found = self._checkpoints.read(path)
            except DamagedError as damage:
                self.set_aside(damage)
            else:
                self._resumed = path
                return found
        return None, None

    @property
    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(self.run, self.store.begun(self.run).path)


def _next(before: Sitting | None, run: Run, provenance: Provenance) -> Sitting:
    """The sitting that begins now, after those that came before it."""
    if before is None:
        return Sitting(
            identity=run.identity, started=datetime.now(UTC), seconds=0.0, provenance=provenance
        )
    others = (*before.earlier, before.provenance)
    earlier = tuple(other for other in dict.fromkeys(others) if other != provenance)
    return before.model_copy(update={"provenance": provenance, "earlier": earlier})
