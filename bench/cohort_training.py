"""Runs and images in, trained models out: as `training.train`, of many runs at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from disbench.cohort import Cohort, of_run
from disbench.launching import Launcher, sent_steps
from disbench.models.autoencoder import Autoencoder
from disbench.models.networks import NETWORKS
from disbench.records import LossRecord
from disbench.training import Moment, MomentError, Trained, intervals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import Tensor

    from disbench.cohort import Sent
    from disbench.datasets.images import ImageSet
    from disbench.runs import Run

    OnRecord = Callable[[int, LossRecord], None]
    AfterSteps = Callable[[int, Mapping[int, Callable[[], Moment]]], None]


def train_together(
    runs: Sequence[Run],
    images: ImageSet,
    *,
    device: str,
    on_record: OnRecord = lambda *_: None,
    after_steps: AfterSteps = lambda *_: None,
    moments: Sequence[Moment] | None = None,
) -> list[Trained]:
    """Train runs of one cohort to their last step, or each to the first loss that is not finite.

    A run draws what it would draw alone, and its losses and weights are those of a run alone up to
    rounding; see `Cohort`. Models are on the CPU. The `moments` to go on from are of one step.
    `on_record` is told of the place of a run among `runs` and of its new record; `after_steps`,
    after every record, of the number of steps taken, and of a function for each place, of a run
    that has not ended, that makes its `Moment`, which is valid until the next step.

    Raises `MomentError` for moments of other models, and `ValueError` for runs that differ in more
    than seed and hyper-parameters.
    """
    cohort = Cohort.start(runs, images, device=device)
    courses = Courses.start(cohort) if moments is None else Courses.restored(cohort, moments)
    feed = sent_steps(cohort, range(courses.step, runs[0].steps + 1))
    try:
        for steps in intervals(runs[0].steps):
            if steps.stop > courses.step and courses.under_way:
                courses.go_on(steps.stop, feed, on_record, after_steps)
        return courses.trained(cohort.sent(runs[0].steps))
    finally:
        courses.launcher.wait()  # or the memory would be another's while steps still write to it


def train_one(
    run: Run,
    images: ImageSet,
    *,
    device: str,
    on_record: Callable[[LossRecord], None] = lambda _: None,
    after_step: Callable[[int, Callable[[], Moment]], None] = lambda *_: None,
    moment: Moment | None = None,
) -> Trained:
    """Train a run as a cohort of its own; `after_step` is called after every record."""

    def after_steps(step: int, moments: Mapping[int, Callable[[], Moment]]) -> None:
        for make in moments.values():
            after_step(step, make)

    [trained] = train_together(
        [run],
        images,
        device=device,
        on_record=lambda _, losses: on_record(losses),
        after_steps=after_steps,
        moments=None if moment is None else [moment],
    )
    return trained


@dataclass
class Courses:
    """How far the runs of a cohort have got: the losses so far, and sums since the last record."""

    cohort: Cohort
    launcher: Launcher
    step: int = 0
    losses: list[list[LossRecord]] = field(default_factory=list)
    ended: dict[int, Mapping[str, Tensor]] = field(default_factory=dict)
    """The weights of runs whose loss stopped being a finite number, as they were then."""

    @classmethod
    def start(cls, cohort: Cohort) -> Courses:
        """The courses before the first step."""
        n = len(cohort.runs)
        sums = torch.zeros(n, 3, device=cohort.device)
        return cls(cohort, Launcher.of(cohort, sums), losses=[[] for _ in range(n)])

    @classmethod
    def restored(cls, cohort: Cohort, moments: Sequence[Moment]) -> Courses:
        """The courses from moments on; `MomentError` for those of other models or steps."""
        if len({moment.step for moment in moments}) > 1:
            raise MomentError("the moments of the runs are not of one step")
        courses = cls.start(cohort)
        try:
            names = moments[0].tensors.keys() - {"losses", "sums"}
            cohort.restore([{n: moment.tensors[n] for n in names} for moment in moments])
            sums = torch.stack([moment.tensors["sums"].reshape(3) for moment in moments])
            courses.losses = [moment.losses for moment in moments]
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise MomentError(" ".join(str(error).split())) from None
        courses.launcher.sums.copy_(sums)
        courses.step = moments[0].step
        return courses

    @property
    def under_way(self) -> list[int]:
        """The places of the runs whose loss is a finite number so far."""
        return [place for place in range(len(self.losses)) if place not in self.ended]

    def go_on(
        self, stop: int, feed: Iterator[Sent], on_record: OnRecord, after_steps: AfterSteps
    ) -> None:
        """Take steps up to the next record; only then does anything wait for the device."""
        while self.step < stop:
            self.launcher.take(next(feed))
            self.step += 1
        with self.launcher.working():
            sums = self.launcher.sums.tolist()
            self.launcher.sums.zero_()
        for place in self.under_way:
            self._record(place, sums[place], on_record)
        state = _State(self.step, self.cohort, self.losses)
        after_steps(self.step, {place: state.moment_of(place) for place in self.under_way})

    def trained(self, last: Sent) -> list[Trained]:
        """The runs after their last steps; `last` is a batch for the losses that remain."""
        with torch.no_grad(), self.launcher.working():
            there = {name: tensor.to(self.cohort.device) for name, tensor in last.items()}
            final = self.cohort.losses(there).total.tolist()
        weights = _State(self.step, self.cohort, self.losses)
        return [
            self._trained(place, self.ended.get(place) or weights.weights_of(place), loss)
            for place, loss in enumerate(final)
        ]

    def _record(self, place: int, sums: Sequence[float], on_record: OnRecord) -> None:
        losses = self.losses[place]
        length = self.step - (losses[-1].step if losses else 0)
        losses.append(LossRecord(self.step, *(value / length for value in sums)))
        if not math.isfinite(losses[-1].loss):
            self.ended[place] = _State(self.step, self.cohort, self.losses).weights_of(place)
        on_record(place, losses[-1])

    def _trained(self, place: int, weights: Mapping[str, Tensor], final: float) -> Trained:
        losses = self.losses[place]
        diverged = place in self.ended or not math.isfinite(final)
        model = _model(self.cohort.runs[place], self.cohort.draws[place].images, weights)
        return Trained(model, tuple(losses), losses[-1].step, diverged)


@dataclass(frozen=True)
class _State:
    """A cohort between two steps, brought to the CPU once for all of its runs."""

    step: int
    cohort: Cohort
    losses: Sequence[Sequence[LossRecord]]

    def moment_of(self, place: int) -> Callable[[], Moment]:
        return lambda: self._moment(place)

    def weights_of(self, place: int) -> dict[str, Tensor]:
        state = self.cohort.autoencoder.network.state_dict()
        return {name: tensor[place].cpu().clone() for name, tensor in state.items()}

    def _moment(self, place: int) -> Moment:
        tensors = {name: of_run(tensor, place) for name, tensor in self._tensors.items()}
        return Moment.of(self.step, tensors, self.losses[place], torch.zeros(3))

    @cached_property
    def _tensors(self) -> dict[str, Tensor]:
        # A recorded step does not count the steps of an optimiser whose count is on the CPU.
        return {
            name: torch.tensor(float(self.step)) if tensor.ndim == 0 else tensor.cpu()
            for name, tensor in self.cohort.tensors().items()
        }


def _model(run: Run, images: ImageSet, weights: Mapping[str, Tensor]) -> Autoencoder:
    with torch.device("meta"):
        model = Autoencoder(NETWORKS[run.network], latents=run.latents, channels=images.channels)
    model.load_state_dict(dict(weights), assign=True)
    return model
