"""Whether the files of a finished run are what their records say, before they are written."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from disbench.errors import DamagedError
from disbench.record_files import parse_record
from disbench.records import EvaluationRecord, TrainingRecord
from disbench.seals import seal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from disbench.runs import Run

RECORDS: Mapping[str, type[TrainingRecord | EvaluationRecord]] = MappingProxyType(
    {"training.json": TrainingRecord, "evaluation.json": EvaluationRecord}
)
"""The files that say what the others are, by name."""


def check_whole(files: Mapping[str, bytes], folder: Path, run: Run) -> None:
    """Raise `DamagedError` for the first of the files, bound for a folder, that is not whole.

    That is one without the content that a record beside it has sealed, a record that was changed
    or is that of another run, or files without a record of the training. No files are whole.
    """
    if files and "training.json" not in files:
        raise DamagedError(folder / "training.json", "there is no record")
    for name in RECORDS.keys() & files.keys():
        record = parse_record(RECORDS[name], files[name], folder / name)
        _check_run(record, folder / name, run)
        for sealed, expected in record.files.items():
            if sealed not in files or seal(files[sealed]) != expected:
                raise DamagedError(folder / sealed, "it did not arrive as it was written")


def _check_run(record: TrainingRecord | EvaluationRecord, path: Path, run: Run) -> None:
    of = record.run.identity if isinstance(record, TrainingRecord) else record.identity
    if of != run.identity:
        raise DamagedError(path, "it is that of another run")
