"""A run and images in, a trained model out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from disbench.records import LossRecord
from disbench.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import Tensor

    from disbench.datasets.images import ImageSet
    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run

MAX_RECORDS = 1000
MIN_INTERVAL = 50


@dataclass(frozen=True)
class Trained:
    """A model after its last step, and its losses on the way."""

    model: Autoencoder
    losses: tuple[LossRecord, ...]
    steps_done: int
    diverged: bool
    """Whether the loss stopped being a finite number, which ended the training."""


class MomentError(ValueError):
    """A moment is that of another model or optimiser."""


@dataclass(frozen=True)
class Moment:
    """A run between two steps: all that the rest of it depends on.

    The generators have no state beside the step. `tensors` are the weights, the state of the
    optimiser, the ``losses`` so far, (records, 4), and the ``sums`` of those since the last record.
    """

    step: int
    tensors: Mapping[str, Tensor]

    @classmethod
    def of(
        cls, step: int, tensors: Mapping[str, Tensor], losses: Sequence[LossRecord], sums: Tensor
    ) -> Moment:
        """The moment of these weights and states of optimisers, losses and sums."""
        records = torch.tensor(losses, dtype=torch.float64).reshape(-1, 4)
        return cls(step, {**tensors, "losses": records, "sums": sums})

    @property
    def losses(self) -> list[LossRecord]:
        """The losses so far."""
        rows = self.tensors["losses"].tolist()
        return [LossRecord(int(step), *values) for step, *values in rows]


def train(
    run: Run,
    images: ImageSet,
    *,
    device: str,
    on_record: Callable[[LossRecord], None] = lambda _: None,
    after_step: Callable[[int, Callable[[], Moment]], None] = lambda *_: None,
    moment: Moment | None = None,
) -> Trained:
    """Train a run to its last step, or to the first interval with a loss that is not finite.

    The result depends on the run, the device and the number of threads alone, and not on the
    `moment` that it goes on from. `on_record` is called with every record of the losses as soon
    as there is one; `after_step` with the number of steps taken and a function that makes a
    `Moment` of them, which is valid until the next step.

    Raises `MomentError` for a moment of another model or optimiser.
    """
    trainer = Trainer.start(run, images, device=device)
    course = Course.start(trainer) if moment is None else Course.restored(trainer, moment)
    for steps in intervals(run.steps):
        if course.has_diverged:
            break
        if steps.stop > course.step:
            course.go_on(steps.stop, after_step, on_record)
    # A loss is known of the weights before a step: those after the last one need one more.
    with torch.no_grad():
        final = trainer.loss(run.steps).total.item()
    losses = tuple(course.losses)
    diverged = not math.isfinite(losses[-1].loss + final)
    return Trained(trainer.model, losses, losses[-1].step, diverged)


@dataclass
class Course:
    """How far a trainer has got: the losses so far, and the sums of those since the last record."""

    trainer: Trainer
    step: int
    losses: list[LossRecord]
    sums: Tensor

    @classmethod
    def start(cls, trainer: Trainer) -> Course:
        """The course before the first step."""
        return cls(trainer, 0, [], torch.zeros(3, device=trainer.device))

    @classmethod
    def restored(cls, trainer: Trainer, moment: Moment) -> Course:
        """The course from a moment on; `MomentError` for that of another model or optimiser."""
        try:
            trainer.restore(moment.tensors)
            losses = moment.losses
            sums = moment.tensors["sums"].to(trainer.device).reshape(3)
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise MomentError(" ".join(str(error).split())) from None
        return cls(trainer, moment.step, losses, sums)

    @property
    def has_diverged(self) -> bool:
        """Whether the last record holds a loss that is not finite."""
        return bool(self.losses) and not math.isfinite(self.losses[-1].loss)

    def go_on(
        self,
        stop: int,
        after_step: Callable[[int, Callable[[], Moment]], None],
        on_record: Callable[[LossRecord], None],
    ) -> None:
        """Take steps up to the next record; the losses come back once, so a GPU waits once."""
        while self.step < stop:
            self.sums += self.trainer.losses_of(self.step)
            self.step += 1
            if self.step < stop:
                after_step(self.step, self.moment)
        before = self.losses[-1].step if self.losses else 0
        self.losses.append(LossRecord(stop, *(self.sums / (stop - before)).tolist()))
        self.sums = torch.zeros_like(self.sums)
        on_record(self.losses[-1])
        after_step(self.step, self.moment)

    def moment(self) -> Moment:
        """All that the rest depends on, valid until the next step."""
        return Moment.of(self.step, self.trainer.tensors(), self.losses, self.sums)


def intervals(n_steps: int) -> Iterator[range]:
    """The steps between records: at most `MAX_RECORDS` of them, fixed by the number of steps."""
    length = max(MIN_INTERVAL, -(-n_steps // MAX_RECORDS))
    return (range(start, min(start + length, n_steps)) for start in range(0, n_steps, length))
