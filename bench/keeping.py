"""What the training of a run leaves in its folder, on the way and at its end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from safetensors.torch import save

from disbench.cell_images import images_of
from disbench.encoders import NetworkEncoder
from disbench.records import LossRecord, TrainingRecord
from disbench.run_folder import Phase, Progress, RunFolder
from disbench.tensorboard import curves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from disbench.cells import Cell
    from disbench.encoders import Encoder
    from disbench.runs import Run
    from disbench.sittings import Sittings
    from disbench.training import Trained


class Made(NamedTuple):
    """What makes the codes of a run, and how it came about: a baseline without losses."""

    encoder: Encoder
    losses: tuple[LossRecord, ...] = ()
    steps_done: int = 0
    diverged: bool = False


def made_of(run: Run, trained: Trained) -> Made:
    """What a training has made."""
    encoder = NetworkEncoder(trained.model, run.is_variational)
    return Made(encoder, trained.losses, trained.steps_done, trained.diverged)


@contextmanager
def recording(
    cell: Cell, folder: RunFolder, *, start: int
) -> Iterator[Callable[[LossRecord], None]]:
    """What to call with each record of the losses: it is noted, and drawn if that is asked for."""
    note(folder, "training", no_losses(start))
    with curves(cell.events, variational=cell.run.is_variational, start=start) as draw:

        def record(losses: LossRecord) -> None:
            note(folder, "training", losses)
            draw(losses)

        yield record


def keep(made: Made, cell: Cell, folder: RunFolder, sittings: Sittings) -> TrainingRecord:
    """Write what was made, and how, and return the record of it."""
    images, sitting = images_of(cell), sittings.sitting()
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
    note(folder, "encoding", made.losses[-1] if made.losses else no_losses(0))
    return record


def no_losses(step: int) -> LossRecord:
    """The record of a step of which no losses are known."""
    return LossRecord(step, float("nan"), float("nan"), float("nan"))


def note(folder: RunFolder, phase: Phase, losses: LossRecord) -> None:
    """Note where a run has got to."""
    folder.write_progress(
        Progress(phase=phase, step=losses.step, reconstruction=losses.reconstruction, kl=losses.kl)
    )
