"""The finished runs of a results directory, each read once for all that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from disbench.information import Information, information_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from disbench.records import EvaluationRecord, TrainingRecord
    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.store import Store


@dataclass(frozen=True)
class FinishedRun:
    """A run with its records; `source` names the directory that it is in."""

    source: str
    folder: RunFolder
    training: TrainingRecord
    evaluation: EvaluationRecord | None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the runs of all directories."""
        return (self.source, self.run.id)

    @property
    def run(self) -> Run:
        """What defines it."""
        return self.training.run

    @cached_property
    def information(self) -> Information | None:
        """What its dimensions tell of the factors, where a protocol has asked."""
        return None if self.evaluation is None else information_in(self.folder, self.evaluation)


def finished_runs(store: Store, *, source: str) -> Iterator[FinishedRun]:
    """The runs of a directory that are trained, in the order of their names.

    Raises `DamagedError` for a record that is not as it was written, or is another run's.
    """
    for folder in store.finished():
        training, evaluation = folder.records()
        if training is not None:
            yield FinishedRun(source, folder, training, evaluation)
