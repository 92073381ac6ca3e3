"""One cell of a grid from start to finish: train, encode, score, keep. What a worker does."""

from __future__ import annotations

import time
import traceback
from threading import Lock
from typing import TYPE_CHECKING

from disbench.cell_images import images_of
from disbench.cells import asked, is_answered, is_done, to_ask
from disbench.claims import TakenError
from disbench.cohort_training import train_one
from disbench.dsprites import GRIDS
from disbench.encoders import encoder_of
from disbench.hardware import keep_freed_memory, return_freed_memory
from disbench.keeping import Made, keep, made_of, no_losses, note, recording
from disbench.outcomes import Outcome, Status, summary
from disbench.provenance import provenance
from disbench.records import EvaluationRecord, ScoreRecord
from disbench.scoring import Question, score_codes
from disbench.seeing import Seen, loaded, see
from disbench.sittings import Sittings, StoppedError
from disbench.store import Store
from disbench.tensorboard import write_scores
from disbench.threads import one_thread
from disbench.training import MomentError, train
from disbench.writing import trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.cells import Cell
    from disbench.datasets.grid import Grid
    from disbench.datasets.images import ImageSet
    from disbench.records import Provenance, TrainingRecord
    from disbench.run_folder import Phase, RunFolder
    from disbench.training import Moment

TRAIN = {"cpu": train, "cuda": train_one}
"""A GPU trains a run alone as it would in a cohort: to the same bits."""

_ONE_AT_A_TIME = Lock()
"""The number of threads is that of a process: a cluster's worker may have several tasks."""


def finish(
    cell: Cell, *, stop: Callable[[], bool] = lambda: False, seen: Seen | None = None
) -> Outcome:
    """Do what is missing of a cell; an error is kept as a record, so that the others go on.

    As soon as `stop` says so, the training is left at a checkpoint. What was `seen` of a run that
    is trained is not looked at again: it is only scored.
    """
    started = time.perf_counter()
    keep_freed_memory()
    notes: list[str] = []
    with _ONE_AT_A_TIME, one_thread():
        status, error = _tried(cell, stop, notes, seen)
    return_freed_memory()
    return Outcome(cell.run, status, time.perf_counter() - started, error, tuple(notes))


def _tried(
    cell: Cell, stop: Callable[[], bool], notes: list[str], seen: Seen | None
) -> tuple[Status, str]:
    store = Store(cell.directory)
    try:
        with store.claimed(cell.run) as claim:
            sittings = Sittings(cell.run, store, cell.checkpoint, claim, stop, notes)
            status = _finish(cell, store, sittings, seen)
            store.forget_failure(cell.run)
    except TakenError:
        return "elsewhere", ""
    except StoppedError:
        return "stopped", ""
    except Exception as error:  # noqa: BLE001 - whatever it was, the other runs are not to blame
        if is_done(cell):  # whoever took it over has finished it, and taken its folder away
            return "elsewhere", ""
        return blamed(error, cell)
    return status, ""


def blamed(error: Exception, cell: Cell) -> tuple[Status, str]:
    """What an error means: a run that failed, which is noted, or a disk on which none can go on."""
    store, trace = Store(cell.directory), traceback.format_exc()
    try:
        if (problem := trouble(error, cell.directory)) is None:
            store.note_failure(cell.failure(summary(error), trace))
    except OSError as another:
        problem = trouble(another, cell.directory) or summary(another)
    return ("failed", summary(error)) if problem is None else ("halted", problem)


def _finish(cell: Cell, store: Store, sittings: Sittings, seen: Seen | None) -> Status:
    sittings.check()
    there = store.folder(cell.run)
    sittings.mend(there)
    if (training := there.training()) is not None:
        if not is_done(cell):  # else another process has done it in the meantime
            _evaluate(cell, seen or see(cell, loaded(cell, there)), there)
        return training.status
    folder = sittings.begin()
    if (training := folder.training()) is None:
        training = train_alone(cell, folder, sittings)
    status = training.status
    sittings.check()
    if status == "done" and not is_answered(cell, folder):
        _evaluate(cell, seen or see(cell, loaded(cell, folder)), folder)
        _write_scores(cell, folder)
    sittings.claim.check()
    store.forget_failure(cell.run)
    store.publish(cell.run)
    return status


def train_alone(cell: Cell, folder: RunFolder, sittings: Sittings) -> TrainingRecord:
    """Train or fit the run of a cell in this folder, from its last checkpoint on."""
    images = images_of(cell)
    moment = sittings.resume(provenance(cell.device))
    make = _fitted if cell.run.is_baseline else _trained
    try:
        made = make(cell, images, folder, sittings, moment)
    except MomentError as error:
        sittings.refuse(str(error))
        return train_alone(cell, folder, sittings)
    return keep(made, cell, folder, sittings)


def _fitted(
    cell: Cell, images: ImageSet, folder: RunFolder, sittings: Sittings, moment: Moment | None
) -> Made:
    """The baseline, fitted at once: what disturbs it has it fitted again."""
    del sittings, moment
    note(folder, "fitting", no_losses(0))
    return Made(encoder_of(cell.run).fitted(cell.run, images, device=cell.device))


def _trained(
    cell: Cell, images: ImageSet, folder: RunFolder, sittings: Sittings, moment: Moment | None
) -> Made:
    """The trained model; on the way its progress is noted, and curves are drawn if asked for."""
    with recording(cell, folder, start=0 if moment is None else moment.step) as on_record:
        trained = TRAIN[cell.device](
            cell.run,
            images,
            device=cell.device,
            on_record=on_record,
            after_step=sittings.after_step,
            moment=moment,
        )
    return made_of(cell.run, trained)


def _evaluate(cell: Cell, seen: Seen, folder: RunFolder) -> None:
    clock = time.perf_counter()
    run, codes = cell.run, seen.codes
    _note_phase(folder, "scoring")
    kept, questions = _kept_and_asked(cell, folder, seen.provenance)
    answers = score_codes(codes, questions, identity=run.identity)
    record = EvaluationRecord(
        identity=run.identity,
        grid=codes.grid.name,
        factors=_factors_of(codes.grid),
        evaluation=seen.evaluation,
        scores=(*kept, *(answer.record for answer in answers)),
        seconds=seen.seconds + time.perf_counter() - clock,
        provenance=seen.provenance,
    )
    details = {f"{a.record.path}/{name}": x for a in answers for name, x in a.detail.items()}
    kept_codes = codes if cell.keeps_codes else None
    folder.write_evaluation(record, details, seen.pictures, kept_codes)


def _factors_of(grid: Grid) -> dict[str, int] | None:
    """How many values each factor has; None for a grid of dSprites, which its name tells."""
    known = grid == GRIDS[grid.name]
    return None if known else dict(zip(grid.factor_names, grid.whole, strict=True))


def _write_scores(cell: Cell, folder: RunFolder) -> None:
    record = folder.evaluation()
    if cell.events is not None and record is not None:
        write_scores(cell.events, record.scores, step=cell.run.steps)


def _kept_and_asked(
    cell: Cell, folder: RunFolder, now: Provenance
) -> tuple[tuple[ScoreRecord, ...], tuple[Question, ...]]:
    """The scores that still stand, and what to ask; a new version of a protocol ousts the old.

    All scores of a record share its provenance: with other versions, all are asked again.
    """
    earlier, missing = folder.evaluation(), to_ask(cell, *folder.records())
    if earlier is None or missing is None or earlier.provenance != now:
        return (), asked(cell)
    renewed = {(q.protocol.name, q.representation, q.seed) for q in missing}
    kept = (s for s in earlier.scores if (s.protocol, s.representation, s.seed) not in renewed)
    return tuple(kept), missing


def _note_phase(folder: RunFolder, phase: Phase) -> None:
    """Note the phase of a run under way; the folder of a finished one takes no notes."""
    progress = folder.progress()
    if progress is not None:
        folder.write_progress(progress.model_copy(update={"phase": phase}))
