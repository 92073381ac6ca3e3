"""One cell of a grid from start to finish: train, encode, score, keep. What a worker does."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from safetensors.torch import load_file, save_file

from disbench.dsprites import GRIDS, PackedImages, open_images
from disbench.encoding import encode
from disbench.evaluation import evaluate, picture
from disbench.hardware import keep_freed_memory, one_thread
from disbench.metrics.protocols import find
from disbench.provenance import provenance
from disbench.records import EvaluationRecord, Failure, LossRecord, ScoreRecord, TrainingRecord
from disbench.run_folder import Phase, Progress, RunFolder
from disbench.scoring import Question, questions, score_codes
from disbench.store import Store
from disbench.tensorboard import curves, write_scores
from disbench.training import initial_model, train

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run
    from disbench.study import EvaluationSection

Status = Literal["done", "diverged", "failed"]


@dataclass(frozen=True)
class Cell:
    """A run to finish, with all that a worker on its own needs to know."""

    run: Run
    directory: Path
    data: str
    evaluation: EvaluationSection
    device: str
    tensorboard: bool = False

    @property
    def events(self) -> Path | None:
        """Where event files for TensorBoard go, None if none are asked for."""
        return self.directory / "tensorboard" / self.run.id if self.tensorboard else None


@dataclass(frozen=True)
class Outcome:
    """How a cell ended; `error` is one line of what went wrong, if anything did."""

    run: Run
    status: Status
    seconds: float
    error: str = ""


def unanswered(cell: Cell) -> tuple[Question, ...] | None:
    """What is yet to be asked of a run's codes; None if it has not been trained."""
    folder = Store(cell.directory).folder(cell.run)
    training = folder.training()
    if training is None:
        return None
    if training.status == "diverged":
        return ()
    record = folder.evaluation()
    known = set() if record is None else {score.key for score in record.scores}
    return tuple(question for question in _asked(cell) if question.key not in known)


def is_done(cell: Cell) -> bool:
    """Whether nothing is left to do: trained, all asked, and codes kept if they are to be."""
    if unanswered(cell) != ():
        return False
    folder = Store(cell.directory).folder(cell.run)
    return folder.codes.exists() or not cell.evaluation.keeps_codes or folder.evaluation() is None


def finish(cell: Cell) -> Outcome:
    """Do what is missing of a cell; an error is kept as a record, so that the others go on."""
    started = time.perf_counter()
    store = Store(cell.directory)
    keep_freed_memory()
    try:
        with one_thread():
            status = _finish(cell, store)
    except Exception as error:  # noqa: BLE001 - whatever it was, the other runs are not to blame
        summary = " ".join(f"{type(error).__name__}: {error}".split())
        trace = traceback.format_exc()
        store.note_failure(Failure(run=cell.run, error=summary, traceback=trace))
        return Outcome(cell.run, "failed", time.perf_counter() - started, summary)
    store.forget_failure(cell.run)
    return Outcome(cell.run, status, time.perf_counter() - started)


def _finish(cell: Cell, store: Store) -> Status:
    if unanswered(cell) is not None:
        folder = store.folder(cell.run)
        model = initial_model(cell.run)
        model.load_state_dict(load_file(folder.weights))
        _evaluate(cell, model.to(cell.device), folder)
        return "done"
    with store.new(cell.run) as folder:
        model, status = _train(cell, folder)
        if status == "done":
            _evaluate(cell, model, folder)
            _write_scores(cell, folder)
    return status


def _train(cell: Cell, folder: RunFolder) -> tuple[Autoencoder, Literal["done", "diverged"]]:
    started, clock = datetime.now(UTC), time.perf_counter()
    images = _images(cell.data)
    _note(folder, "training", LossRecord(0, float("nan"), float("nan"), float("nan")))
    with curves(cell.events, variational=cell.run.is_variational) as draw:

        def report(losses: LossRecord) -> None:
            _note(folder, "training", losses)
            draw(losses)

        trained = train(cell.run, images, device=cell.device, on_record=report)
    record = TrainingRecord(
        run=cell.run,
        data_source=images.source,
        status="diverged" if trained.diverged else "done",
        steps_done=trained.steps_done,
        started=started,
        seconds=time.perf_counter() - clock,
        provenance=provenance(cell.device),
    )
    save_file(_contiguous(trained.model), folder.weights)
    folder.write_training(record, trained.losses)
    _note(folder, "encoding", trained.losses[-1])
    return trained.model, record.status


def _evaluate(cell: Cell, model: Autoencoder, folder: RunFolder) -> None:
    clock = time.perf_counter()
    run, images, device = cell.run, _images(cell.data), cell.device
    grid = GRIDS[cell.evaluation.grid]
    codes = encode(model, images, grid, variational=run.is_variational, device=device)
    _note_phase(folder, "scoring")
    kept, asked = _kept_and_asked(cell, folder)
    answers = score_codes(codes, asked, identity=run.identity)
    record = EvaluationRecord(
        identity=run.identity,
        grid=grid.name,
        evaluation=evaluate(model, images, codes, identity=run.identity, device=device),
        scores=(*kept, *(answer.record for answer in answers)),
        seconds=time.perf_counter() - clock,
        provenance=provenance(device),
    )
    pictures = picture(model, images, codes, identity=run.identity, device=device)
    details = {f"{a.record.path}/{name}": x for a in answers for name, x in a.detail.items()}
    folder.write_evaluation(record, details, pictures)
    if cell.evaluation.keeps_codes:
        folder.write_codes(codes)


def _write_scores(cell: Cell, folder: RunFolder) -> None:
    record = folder.evaluation()
    if cell.events is not None and record is not None:
        write_scores(cell.events, record.scores, step=cell.run.steps)


def _kept_and_asked(
    cell: Cell, folder: RunFolder
) -> tuple[tuple[ScoreRecord, ...], tuple[Question, ...]]:
    """The scores that still stand, and what to ask; a new version of a protocol ousts the old.

    All scores of a record share its provenance: with other versions, all are asked again.
    """
    earlier, missing = folder.evaluation(), unanswered(cell)
    if earlier is None or missing is None or earlier.provenance != provenance(cell.device):
        return (), _asked(cell)
    renewed = {(q.protocol.name, q.representation, q.seed) for q in missing}
    kept = (s for s in earlier.scores if (s.protocol, s.representation, s.seed) not in renewed)
    return tuple(kept), missing


def _asked(cell: Cell) -> tuple[Question, ...]:
    return questions(
        find(cell.evaluation.protocols),
        cell.evaluation.representations,
        repeats=cell.evaluation.repeats,
        variational=cell.run.is_variational,
    )


def _contiguous(model: Autoencoder) -> dict[str, Tensor]:
    """The weights in the order of their indices, which safetensors asks for."""
    return {name: weights.contiguous() for name, weights in model.state_dict().items()}


def _note(folder: RunFolder, phase: Phase, losses: LossRecord) -> None:
    folder.write_progress(
        Progress(phase=phase, step=losses.step, reconstruction=losses.reconstruction, kl=losses.kl)
    )


def _note_phase(folder: RunFolder, phase: Phase) -> None:
    """Note the phase of a run under way; the folder of a finished one takes no notes."""
    progress = folder.progress()
    if progress is not None:
        folder.write_progress(progress.model_copy(update={"phase": phase}))


@lru_cache(maxsize=1)
def _images(data: str) -> PackedImages:
    """The images, opened once by each worker."""
    return open_images(data)
