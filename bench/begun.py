"""The runs of a cohort, taken into our hands one by one."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from disbench.claims import TakenError
from disbench.finishing import blamed
from disbench.outcomes import Outcome, Status
from disbench.provenance import provenance
from disbench.sittings import Sittings, StoppedError
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from disbench.cells import Cell
    from disbench.run_folder import RunFolder
    from disbench.training import Moment, MomentError


@dataclass
class Begun:
    """A run of a cohort in our hands; another's, if it was `lost` meanwhile."""

    cell: Cell
    folder: RunFolder
    sittings: Sittings
    moment: Moment | None
    lost: bool = False

    @property
    def step(self) -> int:
        """The step that it goes on from."""
        return 0 if self.moment is None else self.moment.step

    def refuse(self, error: MomentError) -> None:
        """Go on from an earlier moment than the one that does not fit."""
        self.sittings.refuse(str(error))
        self.moment = self.sittings.resume(provenance(self.cell.device))

    def outcome(self, status: Status, error: str = "") -> Outcome:
        """How it ended."""
        return Outcome(self.cell.run, status, 0.0, error)


def begun_of(
    cells: Sequence[Cell], stop: Callable[[], bool], stack: ExitStack
) -> tuple[list[Begun], list[Outcome]]:
    """The runs that are ours and not trained yet, and the outcomes of those that are not ours."""
    begun, outcomes = [], []
    for cell in cells:
        try:
            with ExitStack() as ours:
                one = _begin(cell, stop, ours)
                if one is not None:  # else it is trained, and anybody may score it
                    begun.append(one)
                    stack.push(ours.pop_all())
        except TakenError:
            outcomes.append(Outcome(cell.run, "elsewhere", 0.0))
        except StoppedError:
            outcomes.append(Outcome(cell.run, "stopped", 0.0))
        except Exception as error:  # noqa: BLE001 - the other runs are not to blame
            status, text = blamed(error, cell)
            outcomes.append(Outcome(cell.run, status, 0.0, text))
    return begun, outcomes


def _begin(cell: Cell, stop: Callable[[], bool], stack: ExitStack) -> Begun | None:
    """The run, taken for as long as the stack lasts, None if it is trained."""
    store = Store(cell.directory)
    claim = stack.enter_context(store.claimed(cell.run))
    sittings = Sittings(cell.run, store, cell.checkpoint, claim, stop, [])
    sittings.check()
    there = store.folder(cell.run)
    sittings.mend(there)
    if there.training() is not None:
        return None
    folder = sittings.begin()
    if folder.training() is not None:
        return None
    return Begun(cell, folder, sittings, sittings.resume(provenance(cell.device)))
