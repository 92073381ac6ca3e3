"""What is measured at several sizes: against runs, workers, latents and images."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dispatching import finished_plan, nothing_left
from growth_records import Curve, Point
from processes import alone, peak_bytes
from reporting import pretend
from scoring import score, table_maker
from timing import OURS, alternate, wall_seconds
from together import N_STEPS, take_together, worker
from training import start, take

from disbench.dsprites import FactorGrid
from disbench.encoding import encode
from disbench.report import write_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from growth_records import Axis

SECONDS = 3.0
"""For which a call is repeated at each size."""
BETAS = (1.0, 4.0)
"""Of the runs that are reported: the settings stay, and each has more seeds."""
STRIDES: Mapping[int, tuple[int, ...]] = {
    2_880: (1, 1, 4, 8, 8),
    11_520: (1, 1, 4, 4, 4),
    46_080: (1, 1, 4, 2, 2),
    184_320: (1, 1, 4, 1, 1),
}
"""How many images there are with every so many values of each factor."""
PROTOCOL = "mig/exact"


@dataclass(frozen=True)
class Sizes:
    """What to measure at which sizes; `measure` makes a point of one, in a process of its own."""

    axis: Axis
    sizes: tuple[int, ...]
    measure: Callable[[int], Point]

    def curve(self, name: str) -> Curve:
        """The points of all sizes."""
        points = tuple(alone(self.measure, size) for size in self.sizes)
        return Curve(name=name, axis=self.axis, points=points)


def to_do(n_runs: int) -> Point:
    """Finding out that nothing is left to do of a finished grid."""
    before = peak_bytes()
    with TemporaryDirectory() as folder:
        plan = alone(finished_plan, Path(folder), n_runs)
        return _point(n_runs, lambda: nothing_left(plan), before)


def report(n_runs: int) -> Point:
    """Building the report on a finished grid of two settings."""
    before = peak_bytes()
    with TemporaryDirectory() as folder:
        alone(pretend, Path(folder), betas=BETAS, n_seeds=n_runs // len(BETAS))
        return _point(n_runs, lambda: write_report(Path(folder)), before)


def training(n_workers: int) -> Point:
    """An image of as many runs of conv in bf16 as there are workers, by the clock, at its best.

    Other programs can only make it longer, and they do not leave all numbers of workers alone.
    """
    with ExitStack() as stack:
        workers = [stack.enter_context(worker()) for _ in range(n_workers)]
        call = partial(take_together, workers, "conv", "bf16")
        rounds = alternate({OURS: call}, seconds=4 * SECONDS, clock=wall_seconds)
        peak = sum(pool.submit(peak_bytes).result() for pool in workers)
    n_images = n_workers * N_STEPS * start("conv", "bf16").run.batch_size
    seconds = min(rounds.seconds[OURS]) / n_images
    return Point(size=n_workers, seconds=seconds, peak_bytes=peak)


def step(latents: int) -> Point:
    """A few training steps of conv in bf16."""
    before = peak_bytes()
    trainer = start("conv", "bf16", latents=latents)
    return _point(latents, lambda: take(trainer), before)


def score_of_latents(latents: int) -> Point:
    """A protocol on codes of the whole set with so many dimensions."""
    before = peak_bytes()
    make_tables = table_maker(n_codes=latents)
    return _point(latents, lambda: score(PROTOCOL, make_tables), before)


def encoding(n_images: int) -> Point:
    """Encoding a grid of so many images by conv."""
    before = peak_bytes()
    trainer, grid = start("conv", "fp32"), _grid(n_images)
    call = partial(encode, trainer.model, trainer.images, grid, variational=True, device="cpu")
    return _point(n_images, call, before)


def score_of_images(n_images: int) -> Point:
    """A protocol on the codes of a grid of so many images."""
    before = peak_bytes()
    make_tables = table_maker(grid=_grid(n_images))
    return _point(n_images, lambda: score(PROTOCOL, make_tables), before)


CURVES: Mapping[str, Sizes] = {
    "what is to do": Sizes("runs", (10, 30, 100, 300), to_do),
    "report": Sizes("runs", (10, 30, 100, 300), report),
    "an image of training": Sizes("workers", (1, 2, 3, 4), training),
    "4 steps of training": Sizes("latents", (5, 10, 20, 40), step),
    f"{PROTOCOL} of 737,280": Sizes("latents", (5, 10, 20, 40), score_of_latents),
    "encoding": Sizes("images", tuple(STRIDES), encoding),
    PROTOCOL: Sizes("images", tuple(STRIDES), score_of_images),
}


def curves(tell: Callable[[str], None]) -> Iterator[Curve]:
    """All curves; `tell` is told the name of each before it is measured."""
    for name, sizes in CURVES.items():
        tell(f"{name}: {', '.join(map(str, sizes.sizes))} {sizes.axis}")
        yield sizes.curve(name)


def _grid(n_images: int) -> FactorGrid:
    return FactorGrid("growth", stride=STRIDES[n_images])


def _point(size: int, call: Callable[[], object], before: int) -> Point:
    """CPU seconds of a call, and how far it has lifted the peak of this process."""
    rounds = alternate({OURS: call}, seconds=SECONDS, warm_up=False)
    peak = rounds.peak_bytes or before
    return Point(size=size, seconds=rounds.median, peak_bytes=peak - before)
