"""One cell of a grid from start to finish: train, encode, score, keep. What a worker does."""

from __future__ import annotations

import time
import traceback
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple

from safetensors.torch import load, save

from disbench.cell_images import images_of
from disbench.cells import asked, is_answered, is_done, to_ask
from disbench.claims import TakenError
from disbench.dsprites import GRIDS
from disbench.encoders import NetworkEncoder, encoder_of
from disbench.evaluation import evaluate, picture
from disbench.hardware import keep_freed_memory, one_thread, return_freed_memory
from disbench.outcomes import Outcome, Status, summary
from disbench.provenance import provenance
from disbench.records import EvaluationRecord, LossRecord, ScoreRecord, TrainingRecord
from disbench.run_folder import Phase, Progress, RunFolder
from disbench.scoring import Question, score_codes
from disbench.sittings import Sittings, StoppedError
from disbench.store import Store
from disbench.tensorboard import curves, write_scores
from disbench.training import MomentError, train
from disbench.writing import trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.cells import Cell
    from disbench.datasets.grid import Grid
    from disbench.datasets.images import ImageSet
    from disbench.encoders import Encoder
    from disbench.training import Moment

_ONE_AT_A_TIME = Lock()
"""The number of threads is that of a process: a cluster's worker may have several tasks."""


def finish(cell: Cell, *, stop: Callable[[], bool] = lambda: False) -> Outcome:
    """Do what is missing of a cell; an error is kept as a record, so that the others go on.

    As soon as `stop` says so, the training is left at a checkpoint.
    """
    started = time.perf_counter()
    keep_freed_memory()
    notes: list[str] = []
    with _ONE_AT_A_TIME, one_thread():
        status, error = _tried(cell, stop, notes)
    return_freed_memory()
    return Outcome(cell.run, status, time.perf_counter() - started, error, tuple(notes))


def _tried(cell: Cell, stop: Callable[[], bool], notes: list[str]) -> tuple[Status, str]:
    store = Store(cell.directory)
    try:
        with store.claimed(cell.run) as claim:
            sittings = Sittings(cell.run, store, cell.checkpoint, claim, stop, notes)
            status = _finish(cell, store, sittings)
            store.forget_failure(cell.run)
    except TakenError:
        return "elsewhere", ""
    except StoppedError:
        return "stopped", ""
    except Exception as error:  # noqa: BLE001 - whatever it was, the other runs are not to blame
        if is_done(cell):  # whoever took it over has finished it, and taken its folder away
            return "elsewhere", ""
        return _blamed(error, cell, store)
    return status, ""


def _blamed(error: Exception, cell: Cell, store: Store) -> tuple[Status, str]:
    """What an error means: a run that failed, or a disk on which no run can go on."""
    trace = traceback.format_exc()
    try:
        if (problem := trouble(error, cell.directory)) is None:
            store.note_failure(cell.failure(summary(error), trace))
    except OSError as another:
        problem = trouble(another, cell.directory) or summary(another)
    return ("failed", summary(error)) if problem is None else ("halted", problem)


def _finish(cell: Cell, store: Store, sittings: Sittings) -> Status:
    sittings.check()
    there = store.folder(cell.run)
    sittings.mend(there)
    if (training := there.training()) is not None:
        if not is_done(cell):  # else another process has done it in the meantime
            _evaluate(cell, _loaded(cell, there), there)
        return training.status
    folder = sittings.begin()
    if (training := folder.training()) is None:
        encoder, status = _train(cell, folder, sittings)
    else:
        encoder, status = _loaded(cell, folder), training.status
    sittings.check()
    if status == "done" and not is_answered(cell, folder):
        _evaluate(cell, encoder, folder)
        _write_scores(cell, folder)
    sittings.claim.check()
    store.forget_failure(cell.run)
    store.publish(cell.run)
    return status


def _train(
    cell: Cell, folder: RunFolder, sittings: Sittings
) -> tuple[Encoder, Literal["done", "diverged"]]:
    images = images_of(cell)
    moment = sittings.resume(provenance(cell.device))
    make = _fitted if cell.run.is_baseline else _trained
    try:
        made = make(cell, images, folder, sittings, moment)
    except MomentError as error:
        sittings.refuse(str(error))
        return _train(cell, folder, sittings)
    sitting = sittings.sitting()
    record = TrainingRecord(
        run=cell.run,
        data_source=images.source,
        channels=images.channels,
        status="diverged" if made.diverged else "done",
        converged=made.encoder.converged,
        steps_done=made.steps_done,
        started=sitting.started,
        seconds=sitting.seconds,
        provenance=sitting.provenance,
        earlier=sitting.earlier,
    )
    folder.write_training(record, made.losses, save(made.encoder.weights()))
    _note(folder, "encoding", made.losses[-1] if made.losses else _no_losses(0))
    return made.encoder, record.status


class _Made(NamedTuple):
    """What makes the codes of a run, and how it came about: a baseline without losses."""

    encoder: Encoder
    losses: tuple[LossRecord, ...] = ()
    steps_done: int = 0
    diverged: bool = False


def _fitted(
    cell: Cell, images: ImageSet, folder: RunFolder, sittings: Sittings, moment: Moment | None
) -> _Made:
    """The baseline, fitted at once: what disturbs it has it fitted again."""
    del sittings, moment
    _note(folder, "fitting", _no_losses(0))
    return _Made(encoder_of(cell.run).fitted(cell.run, images, device=cell.device))


def _trained(
    cell: Cell, images: ImageSet, folder: RunFolder, sittings: Sittings, moment: Moment | None
) -> _Made:
    """The trained model; on the way its progress is noted, and curves are drawn if asked for."""
    start = 0 if moment is None else moment.step
    _note(folder, "training", _no_losses(start))
    with curves(cell.events, variational=cell.run.is_variational, start=start) as draw:

        def report(losses: LossRecord) -> None:
            _note(folder, "training", losses)
            draw(losses)

        trained = train(
            cell.run,
            images,
            device=cell.device,
            on_record=report,
            after_step=sittings.after_step,
            moment=moment,
        )
    encoder = NetworkEncoder(trained.model, cell.run.is_variational)
    return _Made(encoder, trained.losses, trained.steps_done, trained.diverged)


def _loaded(cell: Cell, folder: RunFolder) -> Encoder:
    weights, run = load(folder.read_weights()), cell.run
    return encoder_of(run).restored(run, weights, channels=cell.channels, device=cell.device)


def _evaluate(cell: Cell, encoder: Encoder, folder: RunFolder) -> None:
    clock = time.perf_counter()
    run, images, device = cell.run, images_of(cell), cell.device
    grid = images.grid(cell.evaluation.grid)
    codes = encoder.encode(images, grid, device=device)
    _note_phase(folder, "scoring")
    kept, questions = _kept_and_asked(cell, folder)
    answers = score_codes(codes, questions, identity=run.identity)
    record = EvaluationRecord(
        identity=run.identity,
        grid=grid.name,
        factors=_factors_of(grid),
        evaluation=evaluate(encoder.model, images, codes, identity=run.identity, device=device),
        scores=(*kept, *(answer.record for answer in answers)),
        seconds=time.perf_counter() - clock,
        provenance=provenance(device),
    )
    pictures = picture(encoder.model, images, codes, identity=run.identity, device=device)
    details = {f"{a.record.path}/{name}": x for a in answers for name, x in a.detail.items()}
    kept_codes = codes if cell.keeps_codes else None
    folder.write_evaluation(record, details, pictures, kept_codes)


def _factors_of(grid: Grid) -> dict[str, int] | None:
    """How many values each factor has; None for a grid of dSprites, which its name tells."""
    known = grid == GRIDS[grid.name]
    return None if known else dict(zip(grid.factor_names, grid.whole, strict=True))


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
    earlier, missing = folder.evaluation(), to_ask(cell, *folder.records())
    if earlier is None or missing is None or earlier.provenance != provenance(cell.device):
        return (), asked(cell)
    renewed = {(q.protocol.name, q.representation, q.seed) for q in missing}
    kept = (s for s in earlier.scores if (s.protocol, s.representation, s.seed) not in renewed)
    return tuple(kept), missing


def _no_losses(step: int) -> LossRecord:
    """The record of a step of which no losses are known."""
    return LossRecord(step, float("nan"), float("nan"), float("nan"))


def _note(folder: RunFolder, phase: Phase, losses: LossRecord) -> None:
    folder.write_progress(
        Progress(phase=phase, step=losses.step, reconstruction=losses.reconstruction, kl=losses.kl)
    )


def _note_phase(folder: RunFolder, phase: Phase) -> None:
    """Note the phase of a run under way; the folder of a finished one takes no notes."""
    progress = folder.progress()
    if progress is not None:
        folder.write_progress(progress.model_copy(update={"phase": phase}))
