"""The training step of each network in each precision."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
from arithmetic import training_operations
from measurement import Measurement, Ratio
from plain_training import BareLoop, with_plain_layers
from processes import CONTEXT, on_one_thread, peak_bytes
from timing import alternate, cpu_seconds
from torch.optim import Adam

from disbench.dsprites import open_images
from disbench.hardware import keep_freed_memory
from disbench.runs import Run
from disbench.training import OPTIMISERS, Trainer, as_tensor, initial_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from torch.optim import Optimizer

    from disbench.models.autoencoder import Autoencoder

N_STEPS = 4
"""Steps in a turn: enough to fill the caches with what is its own."""

N_PRELOADED = 4096


def measure(setting: Setting, *, network: str, precision: str) -> Measurement:
    """A training step, beside a bare loop over the same network and over the plainest one."""
    trainer = start(network, precision)
    trainer.interval(range(N_STEPS))
    peak = peak_bytes()
    calls: dict[str, Callable[[], object]] = {
        "ours": partial(trainer.interval, range(N_STEPS)),
        "bare loop": partial(_bare_loop(trainer).steps, N_STEPS),
        "plain fp32 loop": partial(_plain_loop(trainer).steps, N_STEPS),
    }
    if precision != "fp32":
        calls["our fp32"] = partial(start(network, "fp32").interval, range(N_STEPS))
    rounds = alternate(calls, seconds=setting.seconds)
    operations = training_operations(trainer.model, trainer.batch(0))
    return Measurement(
        row=f"step/{network}/{precision}",
        value=rounds.median("ours") / N_STEPS,
        n_images=trainer.run.batch_size,
        floor=operations / setting.machine.operations[precision],
        ratios=tuple(rounds.speed("ours", beside=other) for other in list(calls)[1:]),
        n_rounds=rounds.n,
        peak_bytes=peak,
    )


def measure_kept_memory(setting: Setting) -> Measurement:
    """A step in a process that keeps what it frees, beside one that returns it to the kernel."""
    with (
        ProcessPoolExecutor(1, CONTEXT, initializer=keep_freed_memory) as keeping,
        ProcessPoolExecutor(1, CONTEXT) as returning,
    ):
        calls = {
            "kept": lambda: keeping.submit(on_one_thread, _turn).result(),
            "returning it": lambda: returning.submit(on_one_thread, _turn).result(),
        }
        rounds = alternate(calls, seconds=setting.seconds, clock=lambda turn: turn())
        kept, returned = (pool.submit(peak_bytes).result() for pool in (keeping, returning))
    return Measurement(
        row="step/keeping freed memory",
        value=rounds.median("kept") / N_STEPS,
        ratios=(
            rounds.speed("kept", beside="returning it"),
            single_ratio("memory of returning it", kept / returned),
        ),
        n_rounds=rounds.n,
        peak_bytes=kept,
    )


@cache
def start(network: str, precision: str) -> Trainer:
    """A beta-VAE of study v1 before its first step."""
    images = open_images("rendered")
    run = Run(
        objective="beta_vae",
        hyperparameters={"beta": 4.0},
        seed=0,
        network=network,
        latents=10,
        steps=300_000,
        batch_size=64,
        optimiser="adam",
        learning_rate=1e-4,
        precision=precision,
        data_sha256=images.sha256,
    )
    return Trainer.start(run, images, device="cpu")


def _turn() -> float:
    trainer = start("conv", "bf16")
    return cpu_seconds(partial(trainer.interval, range(N_STEPS)))


def _bare_loop(trainer: Trainer) -> BareLoop:
    """The same network, precision and optimiser as the trainer's."""
    model = initial_model(trainer.run)
    optimiser = OPTIMISERS[trainer.run.optimiser](model.parameters(), lr=trainer.run.learning_rate)
    return _loop(trainer, model, optimiser, trainer.run.precision)


def _plain_loop(trainer: Trainer) -> BareLoop:
    """The same network in torch's own layers, with torch's own defaults."""
    model = with_plain_layers(initial_model(trainer.run))
    return _loop(trainer, model, Adam(model.parameters(), lr=trainer.run.learning_rate), "fp32")


def _loop(trainer: Trainer, model: Autoencoder, optimiser: Optimizer, precision: str) -> BareLoop:
    rows = np.random.default_rng(0).integers(len(trainer.images), size=N_PRELOADED)
    preloaded = as_tensor(trainer.images, rows, device=trainer.device)
    return BareLoop(model, optimiser, preloaded, trainer.run.batch_size, precision)
