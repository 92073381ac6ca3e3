"""The files of one run, written and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from disbench.arrays import pack_arrays, unpack_array, unpack_arrays
from disbench.atomic import write_whole
from disbench.errors import DamagedError
from disbench.kept_pictures import pictures_of
from disbench.loss_files import as_csv, losses_from
from disbench.record_files import read_record, write_record
from disbench.records import EvaluationRecord, Record, TrainingRecord
from disbench.seals import check_size, read_sealed, seal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from disbench.encoding import Codes
    from disbench.kept_pictures import Pictures
    from disbench.records import LossRecord
    from disbench.seals import Seal

Phase = Literal["fitting", "training", "encoding", "scoring"]

TRAINED = ("training.json", "losses.csv", "model.safetensors")
EVALUATED = ("evaluation.json", "details.h5", "pictures.h5", "codes.h5")
FILES = frozenset((*TRAINED, *EVALUATED))


class Progress(Record):
    """Where a run under way has got to; the losses are those of the last record."""

    phase: Phase
    step: int
    reconstruction: float
    kl: float


@dataclass(frozen=True)
class RunFolder:
    """``training.json``, ``losses.csv``, ``model.safetensors``; once evaluated also
    ``evaluation.json``, ``details.h5``, ``pictures.h5`` and, if the study says so, ``codes.h5``.

    The two records hold the checksums of the files beside them and one of their own. What is read
    is checked: each reader raises `DamagedError` for a file that is not there, or is not as it
    was written. Where it is not `durable`, the files are not waited for.
    """  # noqa: D205 - a list of files is the sentence

    path: Path
    durable: bool = True

    @property
    def weights(self) -> Path:
        """Where the weights are, in the safetensors format."""
        return self.path / "model.safetensors"

    @property
    def codes(self) -> Path:
        """Where the codes are, if they were kept."""
        return self.path / "codes.h5"

    @property
    def is_trained(self) -> bool:
        """Whether there is a record of how the run was trained, whatever is in it."""
        return (self.path / "training.json").exists()

    def training(self) -> TrainingRecord | None:
        """How the run was trained, None where nothing says so."""
        return read_record(TrainingRecord, self.path / "training.json")

    def evaluation(self) -> EvaluationRecord | None:
        """How the run was scored, None where nothing says so."""
        return read_record(EvaluationRecord, self.path / "evaluation.json")

    def records(self) -> tuple[TrainingRecord | None, EvaluationRecord | None]:
        """How the run was trained and scored.

        Raises `DamagedError` also for the records of another run than the folder's name says: a
        copy would count as one more seed, and another's scores as its own.
        """
        training, evaluation = self.training(), self.evaluation()
        if training is not None and training.run.id != self.path.name:
            raise DamagedError(self.path / "training.json", f"it is that of {training.run.id}")
        expected = None if training is None else training.run.identity
        if evaluation is not None and expected not in {None, evaluation.identity}:
            raise DamagedError(self.path / "evaluation.json", "it is that of another run")
        return training, evaluation

    def read_weights(self) -> bytes:
        """The weights after the last step, in the safetensors format."""
        return self._trained("model.safetensors")

    def losses(self) -> list[LossRecord]:
        """The losses on the way; none of a baseline, which takes no steps."""
        losses = losses_from(self._trained("losses.csv"), self.path / "losses.csv")
        if not losses and not self._has_no_steps:
            raise DamagedError(self.path / "losses.csv", "it holds no losses")
        return losses

    def pictures(self) -> Pictures | None:
        """The pictures of the run; None of one that has no decoder."""
        if self._draws_nothing:
            return None
        return pictures_of(self._evaluated("pictures.h5"), self.path / "pictures.h5")

    def details(self) -> dict[str, NDArray[Any]]:
        """The arrays behind the scores: ``mig/exact/mean/0/gap`` and others; none if not scored."""
        return self._evaluated("details.h5") if (self.path / "details.h5").exists() else {}

    def detail(self, name: str) -> NDArray[Any] | None:
        """The array of this name behind a score, None where there is none."""
        path = self.path / "details.h5"
        if not path.exists():
            return None
        return unpack_array(read_sealed(path, _seal(self.evaluation(), path)), name, path)

    def read_codes(self, rows: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """The means and, of a VAE, the log-variances at these rows of the grid, ascending."""
        arrays = self._evaluated("codes.h5")
        for name in {"mean", "log_variance"}.intersection(arrays):
            if arrays[name].ndim != 2 or len(arrays[name]) <= rows[-1]:  # noqa: PLR2004
                raise DamagedError(self.codes, f"{name} has not a code for every image")
        if "mean" not in arrays:
            raise DamagedError(self.codes, "it holds no codes")
        log_variance = arrays.get("log_variance")
        return arrays["mean"][rows], None if log_variance is None else log_variance[rows]

    def progress(self) -> Progress | None:
        """Where the run has got to, None where it has not begun."""
        return read_record(Progress, self.path / "progress.json")

    def check_sizes(self, *records: TrainingRecord | EvaluationRecord | None) -> None:
        """Raise `DamagedError` if a file of these records is missing, or not of its size."""
        for record in records:
            seals = {} if record is None else record.files
            for name in FILES.intersection(seals):
                check_size(self.path / name, seals[name])

    def damage(self) -> DamagedError | None:
        """The first file that is not as it was written; all that were sealed are read."""
        try:
            for record in self.records():
                seals = {} if record is None else record.files
                for name in FILES.intersection(seals):
                    read_sealed(self.path / name, seals[name])
        except DamagedError as damage:
            return damage
        return None

    def write_training(
        self, record: TrainingRecord, losses: Sequence[LossRecord], weights: bytes
    ) -> None:
        """Write how the run was trained, and to what."""
        self._write({"losses.csv": as_csv(losses), "model.safetensors": weights}, record)

    def write_evaluation(
        self,
        record: EvaluationRecord,
        details: Mapping[str, NDArray[Any]],
        pictures: Pictures | None,
        codes: Codes | None = None,
    ) -> None:
        """Write how the run was scored; `details` are the arrays behind the scores that are new.

        Pictures are None where nothing decodes codes.
        Codes that are kept are ``mean`` and, of a VAE, ``log_variance``, in the order of the grid.
        """
        earlier = {} if self.evaluation() is None else self.details()
        files = {
            # In one order, however many times it took: the same arrays are the same bytes.
            "details.h5": pack_arrays(dict(sorted({**earlier, **details}.items()))),
        }
        if pictures is not None:
            files["pictures.h5"] = pack_arrays(pictures._asdict())
        if codes is not None:
            files["codes.h5"] = pack_arrays(_code_arrays(codes))
        self._write(files, record, kept=self._kept_codes())

    def write_progress(self, progress: Progress) -> None:
        """Write where the run has got to."""
        write_record(progress, self.path / "progress.json", durable=False)

    def forget_progress(self) -> None:
        """Remove the note of where the run had got to."""
        (self.path / "progress.json").unlink(missing_ok=True)

    def _write(
        self,
        files: Mapping[str, bytes],
        record: TrainingRecord | EvaluationRecord,
        *,
        kept: Mapping[str, Seal] | None = None,
    ) -> None:
        """Write files, and last the record that makes them count."""
        for name, data in files.items():
            write_whole(self.path / name, data, durable=self.durable)
        seals = {**(kept or {}), **{name: seal(data) for name, data in files.items()}}
        name = "training.json" if isinstance(record, TrainingRecord) else "evaluation.json"
        sealed = record.model_copy(update={"files": seals})
        write_record(sealed, self.path / name, durable=self.durable)

    def _kept_codes(self) -> dict[str, Seal]:
        """The seal of codes that were kept when the run was scored before."""
        earlier = self.evaluation()
        files = {} if earlier is None else earlier.files
        return {name: files[name] for name in (self.codes.name,) if name in files}

    @property
    def _has_no_steps(self) -> bool:
        training = self.training()
        return training is not None and training.run.is_baseline

    @property
    def _draws_nothing(self) -> bool:
        evaluation = self.evaluation()
        return evaluation is not None and not evaluation.evaluation.n_reconstructed

    def _trained(self, name: str) -> bytes:
        return read_sealed(self.path / name, _seal(self.training(), self.path / name))

    def _evaluated(self, name: str) -> dict[str, NDArray[Any]]:
        path = self.path / name
        return unpack_arrays(read_sealed(path, _seal(self.evaluation(), path)), path)


def _seal(record: TrainingRecord | EvaluationRecord | None, path: Path) -> Seal | None:
    """What a file should be; None where nothing tells, as in the files of version 1."""
    if record is None or record.schema_version == 1:
        return None
    if path.name not in record.files:
        raise DamagedError(path, "the record beside it does not know it")
    return record.files[path.name]


def _code_arrays(codes: Codes) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"mean": codes.mean}
    arrays["factors"] = codes.grid.labels().astype(np.min_scalar_type(max(codes.grid.sizes) - 1))
    if codes.log_variance is not None:
        arrays["log_variance"] = codes.log_variance
    return arrays
