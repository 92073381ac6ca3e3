"""What a plan will cost, from a few steps taken on this machine."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from disbench.cohort import Cohort
from disbench.cohorts import first_cohort
from disbench.data import outline
from disbench.encoding import BATCH_SIZES, on
from disbench.evaluation import N_RECONSTRUCTED
from disbench.forecast import end_of
from disbench.hardware import free_gpu_bytes, keep_freed_memory
from disbench.launching import Launcher
from disbench.threads import one_thread
from disbench.trainer import Trainer, as_tensor, initial_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from disbench.datasets.images import ImageSet
    from disbench.models.autoencoder import Autoencoder
    from disbench.plan import Plan
    from disbench.runs import Run

N_WARM_UP = 3
N_TIMED = 7
PICTURES_BYTES = 400_000
"""About what pictures, losses and records of a run take."""


@dataclass(frozen=True)
class Speeds:
    """Seconds of one process: of a step, by objective, and of encoding and decoding an image."""

    step: Mapping[str, float]
    encode: float
    decode: float
    weights_bytes: int

    def training(self, run: Run) -> float:
        """Seconds of all steps of a run; a baseline takes none."""
        return 0.0 if run.is_baseline else run.steps * self.step[run.objective]

    def evaluation(self, run: Run, n_images: int) -> float:
        """Seconds of encoding and decoding, without scoring; nothing where there is no network."""
        if not run.has_network:
            return 0.0
        return n_images * self.encode + min(N_RECONSTRUCTED, n_images) * self.decode


@dataclass(frozen=True)
class Estimate:
    """What is left of a plan to do, with `jobs` processes.

    In `seconds` is neither scoring nor what baselines without a network take. `step_seconds` are
    those of a step, by objective; of a step of a cohort, a run's share of it.
    """

    jobs: int
    seconds: float
    step_seconds: Mapping[str, float]
    memory_bytes: int
    disk_bytes: int


def estimate(plan: Plan, *, jobs: int, cohort: int = 1) -> Estimate:
    """Time a few steps of each of the plan's objectives, and count up.

    No sprite has to be drawn for it. Memory is the peak of this process, once for each job, and
    the images once for all.
    """
    runs = [cell.run for cell in plan.to_do]
    images = outline(plan.study.data)
    todo = runs or [plan.cells[0].run]
    speeds = measure_speeds(todo, images, device=plan.device, cohort=cohort)
    n = images.grid(plan.study.evaluation.grid).n
    jobs = min(jobs, max(1, len(runs)))
    lanes = jobs if cohort == 1 else 1
    latents = plan.study.model.latents
    codes = n * latents * 8 if plan.study.evaluation.keeps_codes else 0
    return Estimate(
        jobs=jobs if cohort == 1 else min(cohort, max(1, len(runs))),
        seconds=end_of(
            (speeds.training(run) + speeds.evaluation(run, n) for run in runs), [0.0] * lanes
        ),
        step_seconds=speeds.step,
        memory_bytes=jobs * _peak_bytes() + images.n_bytes,
        disk_bytes=len(runs) * (speeds.weights_bytes + codes + PICTURES_BYTES),
    )


def measure_speeds(
    runs: Iterable[Run], images: ImageSet, *, device: str, cohort: int = 1
) -> Speeds:
    """Time a few steps of each objective, and a few batches of the first network.

    Of an objective one run is taken, or a `cohort` of them at most.
    """
    keep_freed_memory()
    by_objective: dict[str, list[Run]] = {}
    for run in runs:
        by_objective.setdefault(run.objective, []).append(run)
    model = initial_model(next(iter(by_objective.values()))[0], channels=images.channels)
    with one_thread():
        step = {
            name: _cohort_seconds(some, images, device, cohort)
            if device == "cuda"
            else _median_seconds(Trainer.start(some[0], images, device=device).step)
            for name, some in by_objective.items()
            if not some[0].is_baseline
        }
        encode, decode = _forward_seconds(model, images, device)
    return Speeds(step, encode, decode, sum(p.numel() * 4 for p in model.parameters()))


def _cohort_seconds(runs: Sequence[Run], images: ImageSet, device: str, most: int) -> float:
    """Seconds of a step of a run: its share of that of a cohort, for which helpers draw ahead."""
    together = first_cohort(runs, channels=images.channels, free_bytes=free_gpu_bytes())[:most]
    cohort = Cohort.start(together, images, device=device)
    launcher = Launcher.of(cohort, torch.zeros(len(together), 3, device=device))
    sent = [cohort.sent(step) for step in range(N_WARM_UP + N_TIMED)]
    return _median_seconds(lambda step: launcher.take(sent[step])) / len(together)


def _forward_seconds(model: Autoencoder, images: ImageSet, device: str) -> tuple[float, float]:
    """Seconds to encode and to decode an image, as the evaluation does."""
    coder, size = on(device, model), BATCH_SIZES[device]
    batch = as_tensor(images, np.arange(size) % len(images), device=device)
    codes = torch.zeros(size, model.latents, device=device)
    with torch.inference_mode():
        encoding = _median_seconds(lambda _: coder.encode(batch).mean)
        decoding = _median_seconds(lambda _: coder.decode(codes))
    return encoding / size, decoding / size


def _median_seconds(call: Callable[[int], object]) -> float:
    seconds = []
    for number in range(N_WARM_UP + N_TIMED):
        started = time.perf_counter()
        call(number)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds[N_WARM_UP:]))


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
