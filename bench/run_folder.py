"""The files of one run, written and read."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np
from pydantic import ValidationError

from disbench.arrays import read_array, read_arrays, write_arrays
from disbench.atomic import replacing
from disbench.errors import StoreError
from disbench.records import EvaluationRecord, LossRecord, Record, TrainingRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from disbench.encoding import Codes

AnyRecord = TypeVar("AnyRecord", bound=Record)

Phase = Literal["training", "encoding", "scoring"]


class Progress(Record):
    """Where a run under way has got to; the losses are those of the last record."""

    phase: Phase
    step: int
    reconstruction: float
    kl: float


class Pictures(NamedTuple):
    """Images to look at, uint8 of 0 to 255, each (..., 64, 64).

    `traversals` is (latents, 9, 64, 64): the first original's code with one dimension moved from
    the 1st to the 99th percentile that it has over the grid. `samples` decode standard normal
    codes, also for an autoencoder, which was never told to fill that space.
    """

    originals: NDArray[np.uint8]
    reconstructions: NDArray[np.uint8]
    traversals: NDArray[np.uint8]
    samples: NDArray[np.uint8]


@dataclass(frozen=True)
class RunFolder:
    """``training.json``, ``losses.csv``, ``model.safetensors``; once evaluated also
    ``evaluation.json``, ``details.h5``, ``pictures.h5`` and, if the study says so, ``codes.h5``.
    """  # noqa: D205 - a list of files is the sentence

    path: Path

    @property
    def weights(self) -> Path:
        """Where the weights are, in the safetensors format."""
        return self.path / "model.safetensors"

    @property
    def codes(self) -> Path:
        """Where the codes are, if they were kept."""
        return self.path / "codes.h5"

    def training(self) -> TrainingRecord | None:
        """How the run was trained, None where nothing says so."""
        return read_record(TrainingRecord, self.path / "training.json")

    def evaluation(self) -> EvaluationRecord | None:
        """How the run was scored, None where nothing says so."""
        return read_record(EvaluationRecord, self.path / "evaluation.json")

    def losses(self) -> list[LossRecord]:
        """The losses on the way.

        Raises `StoreError` where they are not there, or are no losses.
        """
        path = self.path / "losses.csv"
        try:
            with path.open(newline="", encoding="utf-8") as file:
                return [_losses(row) for row in csv.DictReader(file)]
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise StoreError(
                f"{path} is not what disbench wrote ({error}); "
                f"move {self.path} away, and its run will be done again"
            ) from None

    def pictures(self) -> Pictures:
        """The pictures of the run.

        Raises `StoreError` where they are not all there.
        """
        path = self.path / "pictures.h5"
        arrays = read_arrays(path)
        if arrays.keys() != set(Pictures._fields):
            raise StoreError(
                f"{path} lacks pictures; move {self.path} away, and its run will be done again"
            )
        return Pictures(**arrays)

    def details(self) -> dict[str, NDArray[Any]]:
        """The arrays behind the scores: ``mig/exact/mean/0/gap`` and others."""
        return read_arrays(self.path / "details.h5")

    def detail(self, name: str) -> NDArray[Any] | None:
        """The array of this name behind a score, None where there is none."""
        return read_array(self.path / "details.h5", name)

    def progress(self) -> Progress | None:
        """Where the run has got to, None where it has not begun."""
        return read_record(Progress, self.path / "progress.json")

    def write_training(self, record: TrainingRecord, losses: Sequence[LossRecord]) -> None:
        """Write how the run was trained."""
        with (
            replacing(self.path / "losses.csv") as path,
            path.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(LossRecord._fields)
            writer.writerows(losses)
        write_record(record, self.path / "training.json")

    def write_evaluation(
        self,
        record: EvaluationRecord,
        details: Mapping[str, NDArray[Any]],
        pictures: Pictures,
    ) -> None:
        """Write how the run was scored; `details` are the arrays behind the scores that are new."""
        write_arrays(self.path / "details.h5", {**self.details(), **details})
        write_arrays(self.path / "pictures.h5", pictures._asdict())
        write_record(record, self.path / "evaluation.json")

    def write_codes(self, codes: Codes) -> None:
        """Write the codes: ``mean`` and, of a VAE, ``log_variance``, in the order of the grid."""
        arrays: dict[str, NDArray[Any]] = {"mean": codes.mean}
        arrays["factors"] = codes.grid.labels().astype(np.uint8)
        if codes.log_variance is not None:
            arrays["log_variance"] = codes.log_variance
        write_arrays(self.codes, arrays)

    def read_codes(self, rows: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """The means and, of a VAE, the log-variances at these rows of the grid, ascending."""
        arrays = read_arrays(self.codes)
        log_variance = arrays.get("log_variance")
        return arrays["mean"][rows], None if log_variance is None else log_variance[rows]

    def write_progress(self, progress: Progress) -> None:
        """Write where the run has got to."""
        write_record(progress, self.path / "progress.json")

    def forget_progress(self) -> None:
        """Remove the note of where the run had got to."""
        (self.path / "progress.json").unlink(missing_ok=True)


def _losses(row: Mapping[str, str]) -> LossRecord:
    return LossRecord(int(row["step"]), *(float(row[name]) for name in LossRecord._fields[1:]))


def write_record(record: Record, path: Path) -> None:
    """Write a record as a JSON file that appears whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(record.model_dump_json(indent=1) + "\n", "utf-8")


def read_record(kind: type[AnyRecord], path: Path) -> AnyRecord | None:
    """The record in a JSON file, None where there is no file.

    Raises `StoreError` for a file that is not such a record.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        [first, *_] = error.errors()
        where = ".".join(map(str, first["loc"])) or "the whole file"
        raise StoreError(
            f"{path} is not what disbench wrote ({where}: {first['msg']}); "
            "move it away, and its run will be done again"
        ) from None
