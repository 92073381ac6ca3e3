"""What a plan will cost, from a few steps taken on this machine."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from disbench.dsprites import FULL, GRIDS, PackedImages
from disbench.dsprites.packed import N_BYTES
from disbench.encoding import BATCH_SIZE
from disbench.evaluation import N_RECONSTRUCTED
from disbench.hardware import keep_freed_memory, one_thread
from disbench.trainer import Trainer, as_tensor, initial_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.plan import Plan
    from disbench.runs import Run

N_WARM_UP = 3
N_TIMED = 7
PICTURES_BYTES = 400_000
"""About what pictures, losses and records of a run take."""


@dataclass(frozen=True)
class Estimate:
    """What is left of a plan to do, with `jobs` processes.

    Neither scoring nor the fitting of baselines is in `seconds`; where nothing is trained,
    `step_seconds` is 0.
    """

    jobs: int
    seconds: float
    step_seconds: float
    memory_bytes: int
    disk_bytes: int


def estimate(plan: Plan, *, jobs: int) -> Estimate:
    """Time a few steps of the plan's first run that is trained, and count up.

    Images are blank, so that nothing has to be drawn. Memory is the peak of this process, once
    for each job, and the packed images once for all. A baseline counts as a run that is encoded
    by a network and not trained.
    """
    keep_freed_memory()
    trained = [cell.run for cell in plan.cells if not cell.run.is_baseline]
    run = next(iter(trained), plan.cells[0].run)
    model, step_seconds, encode_seconds, decode_seconds = _timed(run, plan.device)
    grid = GRIDS[plan.study.evaluation.grid]
    encoding = grid.n * encode_seconds
    training = run.steps * step_seconds + min(N_RECONSTRUCTED, grid.n) * decode_seconds
    jobs = min(jobs, max(1, len(plan.to_do)))
    n_trained = sum(not cell.run.is_baseline for cell in plan.to_do)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    codes = grid.n * run.latents * 8 if plan.study.evaluation.keeps_codes else 0
    return Estimate(
        jobs=jobs,
        seconds=-(-n_trained // jobs) * training + -(-len(plan.to_do) // jobs) * encoding,
        step_seconds=step_seconds,
        memory_bytes=jobs * _peak_bytes() + GRIDS["full"].n * 512,
        disk_bytes=len(plan.to_do) * (weights + codes + PICTURES_BYTES),
    )


def _timed(run: Run, device: str) -> tuple[Autoencoder, float, float, float]:
    """The model of a run, and the seconds of a step, and of encoding and decoding an image.

    A baseline takes no step.
    """
    blank = np.broadcast_to(np.uint8(0), (FULL.n, N_BYTES))  # of any length, and of no size
    images = PackedImages(blank, "", "blank")
    with one_thread():
        if run.is_baseline:
            model, step_seconds = initial_model(run).to(device), 0.0
        else:
            trainer = Trainer.start(run, images, device=device)
            model, step_seconds = trainer.model, _median_seconds(trainer.step)
        return model, step_seconds, *_forward_seconds(model, images, device)


def _forward_seconds(model: Autoencoder, images: PackedImages, device: str) -> tuple[float, float]:
    """Seconds to encode and to decode an image, as the evaluation does."""
    batch = as_tensor(images, np.arange(BATCH_SIZE), device=device)
    codes = torch.zeros(BATCH_SIZE, model.latents, device=device)
    with torch.inference_mode():
        encoding = _median_seconds(lambda _: model.encode(batch).mean)
        decoding = _median_seconds(lambda _: model.decode(codes))
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
