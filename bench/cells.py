"""One cell of a grid, and what is left to do of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from disbench.errors import DamagedError
from disbench.metrics.protocols import find
from disbench.records import Failure
from disbench.scoring import Question, questions
from disbench.sittings import EVERY_MINUTE, Interval
from disbench.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from disbench.records import EvaluationRecord, TrainingRecord
    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.study import EvaluationSection


@dataclass(frozen=True)
class Cell:
    """A run to finish, with all that a worker on its own needs to know."""

    run: Run
    directory: Path
    data: str
    evaluation: EvaluationSection
    device: str
    tensorboard: bool = False
    checkpoint: Interval = EVERY_MINUTE
    channels: int = 1
    """Of the images that it is trained on."""

    @property
    def keeps_codes(self) -> bool:
        """Whether its codes go to disk: they are to be kept, and not too many."""
        return self.evaluation.keeps_codes and not self.run.is_wide

    @property
    def events(self) -> Path | None:
        """Where event files for TensorBoard go, None if none are asked for."""
        return self.directory / "tensorboard" / self.run.id if self.tensorboard else None

    def failure(self, error: str, trace: str) -> Failure:
        """The record of an error that ended the run."""
        return Failure(run=self.run, channels=self.channels, error=error, traceback=trace)


def unanswered(cell: Cell) -> tuple[Question, ...] | None:
    """What is yet to be asked of a run's codes; None if it has not been trained.

    Raises `DamagedError` where a record is not as it was written, or is that of another run.
    """
    return to_ask(cell, *Store(cell.directory).folder(cell.run).records())


def is_done(cell: Cell) -> bool:
    """Whether nothing is left to do: trained, all asked, and codes kept if they are to be.

    A file that is missing, or not of the size that it was, is to be made again.
    """
    return is_answered(cell, Store(cell.directory).folder(cell.run))


def is_answered(cell: Cell, folder: RunFolder) -> bool:
    """The same of a folder, be the run finished or only begun."""
    try:
        training, evaluation = folder.records()
        if to_ask(cell, training, evaluation) != ():
            return False
        folder.check_sizes(training, evaluation)
    except DamagedError:
        return False
    return evaluation is None or not cell.keeps_codes or folder.codes.exists()


def to_ask(
    cell: Cell, training: TrainingRecord | None, evaluation: EvaluationRecord | None
) -> tuple[Question, ...] | None:
    """What these records do not answer; None if the run has not been trained."""
    if training is None:
        return None
    if training.status == "diverged":
        return ()
    known = set() if evaluation is None else {score.key for score in evaluation.scores}
    return tuple(question for question in asked(cell) if question.key not in known)


def asked(cell: Cell) -> tuple[Question, ...]:
    """All that the study asks of a run's codes."""
    return questions(
        find(cell.evaluation.protocols),
        cell.evaluation.representations,
        repeats=cell.evaluation.repeats,
        variational=cell.run.is_variational,
        wide=cell.run.is_wide,
    )
