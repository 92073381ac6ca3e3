"""What a plan will cost, from a few steps taken on this machine."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from disbench.datasets.sources import outline
from disbench.encoding import BATCH_SIZE
from disbench.evaluation import N_RECONSTRUCTED
from disbench.hardware import keep_freed_memory, one_thread
from disbench.trainer import Trainer, as_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.plan import Plan

N_WARM_UP = 3
N_TIMED = 7
PICTURES_BYTES = 400_000
"""About what pictures, losses and records of a run take."""


@dataclass(frozen=True)
class Estimate:
    """What is left of a plan to do, with `jobs` processes; scoring is not in `seconds`."""

    jobs: int
    seconds: float
    step_seconds: float
    memory_bytes: int
    disk_bytes: int


def estimate(plan: Plan, *, jobs: int) -> Estimate:
    """Time a few steps of the plan's first run, and count up.

    No sprite has to be drawn for it. Memory is the peak of this process, once for
    each job, and the images once for all.
    """
    keep_freed_memory()
    images = outline(plan.study.data)
    run = plan.cells[0].run
    trainer = Trainer.start(run, images, device=plan.device)
    with one_thread():
        step_seconds = _median_seconds(trainer.step)
        encode_seconds, decode_seconds = _forward_seconds(trainer)
    grid = images.grid(plan.study.evaluation.grid)
    evaluation = grid.n * encode_seconds + min(N_RECONSTRUCTED, grid.n) * decode_seconds
    jobs = min(jobs, max(1, len(plan.to_do)))
    rounds = -(-len(plan.to_do) // jobs)
    weights = sum(p.numel() * p.element_size() for p in trainer.model.parameters())
    codes = grid.n * run.latents * 8 if plan.study.evaluation.keeps_codes else 0
    return Estimate(
        jobs=jobs,
        seconds=rounds * (run.steps * step_seconds + evaluation),
        step_seconds=step_seconds,
        memory_bytes=jobs * _peak_bytes() + images.n_bytes,
        disk_bytes=len(plan.to_do) * (weights + codes + PICTURES_BYTES),
    )


def _forward_seconds(trainer: Trainer) -> tuple[float, float]:
    """Seconds to encode and to decode an image, as the evaluation does."""
    rows = np.arange(BATCH_SIZE) % len(trainer.images)
    images = as_tensor(trainer.images, rows, device=trainer.device)
    codes = torch.zeros(BATCH_SIZE, trainer.model.latents, device=trainer.device)
    with torch.inference_mode():
        encoding = _median_seconds(lambda _: trainer.model.encode(images).mean)
        decoding = _median_seconds(lambda _: trainer.model.decode(codes))
    return encoding / BATCH_SIZE, decoding / BATCH_SIZE


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
