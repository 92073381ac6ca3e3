"""What a study comes to in a directory: its cells, those that are done, and what is left to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from disbench.cells import Cell, is_done
from disbench.data import outline
from disbench.errors import StudyError
from disbench.hardware import find_hardware
from disbench.sittings import EVERY_MINUTE
from disbench.store import Store
from disbench.study_files import narrowed
from disbench.tensorboard import check_installed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.hardware import Hardware
    from disbench.sittings import Interval
    from disbench.study import Study


@dataclass(frozen=True)
class Plan:
    """A study with every choice made for this machine, and the cells that it comes to."""

    study: Study
    directory: Path
    device: str
    cells: tuple[Cell, ...]

    @cached_property
    def to_do(self) -> tuple[Cell, ...]:
        """The cells that are not trained, or not scored by all protocols of the study."""
        return tuple(cell for cell in self.cells if not is_done(cell))

    def afresh(self) -> Plan:
        """The plan as if it were made now: what is left to do is looked up again."""
        return replace(self)

    @property
    def n_done(self) -> int:
        """How many cells have nothing left to do."""
        return len(self.cells) - len(self.to_do)


def make_plan(
    study: Study,
    directory: Path,
    *,
    device: str = "auto",
    tensorboard: bool = False,
    checkpoint: Interval = EVERY_MINUTE,
    find: Callable[[str, str], Hardware] = find_hardware,
) -> Plan:
    """The plan of a study in a directory, which is read and not changed.

    A precision of ``auto`` becomes the one that the directory's runs have, if it holds any, and
    else the best that the device has; `find` tells what both come to where runs are computed.
    Raises `StudyError` for a device or a package that is not there, `StoreError` for a directory
    of another kind of study, and `DataError` for data that cannot be read.
    """
    if tensorboard:
        check_installed()
    store = Store(directory)
    hardware = find(device, _precision(study, store))
    study = narrowed(study, precision=hardware.precision)
    store.check_fits(study)
    images = outline(study.data)
    store.check_data(images.sha256)
    if (reason := study.evaluation.unfit(images.grid(study.evaluation.grid).n)) is not None:
        raise StudyError(f"evaluation: {reason}")
    cells = (
        Cell(
            run=run,
            directory=directory,
            data=study.data,
            evaluation=study.evaluation,
            device=hardware.device,
            tensorboard=tensorboard,
            checkpoint=checkpoint,
            channels=images.channels,
        )
        for run in study.runs(precision=hardware.precision, data_sha256=images.sha256)
    )
    return Plan(study, directory, hardware.device, tuple(cells))


def _precision(study: Study, store: Store) -> str:
    """The precision that is asked for: of ``auto`` that of the directory's runs, if any."""
    asked, earlier = study.training.precision, store.study()
    return earlier.training.precision if asked == "auto" and earlier is not None else asked
