"""The training step of each network in each precision, and of each objective."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
from arithmetic import training_operations
from measurement import Ratio
from plain_training import BareLoop, with_plain_layers
from processes import CONTEXT, on_one_thread, peak_bytes
from timing import OURS, alternate, cpu_seconds
from torch.optim import Adam

from disbench.dsprites import open_images
from disbench.hardware import keep_freed_memory
from disbench.models.objectives import OBJECTIVES
from disbench.optimisers import optimiser_of
from disbench.runs import Run
from disbench.trainer import Trainer, as_tensor, initial_model
from disbench.training import Course

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from measurement import Measurement
    from torch.optim import Optimizer

    from disbench.models.autoencoder import Autoencoder

N_STEPS = 4
"""Steps in a turn: enough to fill the caches with what is its own."""

N_PRELOADED = 4096


def measure(setting: Setting, *, network: str, precision: str) -> Measurement:
    """A training step, beside a bare loop over the same network and over the plainest one."""
    trainer = start(network, precision)
    calls: dict[str, Callable[[], object]] = {
        OURS: partial(take, trainer),
        "bare loop": lambda: _bare_loop(network, precision).steps(N_STEPS),
        "plain fp32 loop": lambda: _plain_loop(network).steps(N_STEPS),
    }
    if precision != "fp32":
        calls["our fp32"] = lambda: take(start(network, "fp32"))
    rounds = alternate(calls, seconds=setting.seconds)
    operations = training_operations(trainer.model, trainer.batch(0).images)
    return rounds.measurement(
        f"step/{network}/{precision}",
        calls=N_STEPS,
        n_images=trainer.run.batch_size,
        floor=operations / setting.machine.operations[precision],
    )


def take(trainer: Trainer, n_steps: int = N_STEPS) -> None:
    """Take so many steps from the first one, with all that a run does beside them."""
    Course.start(trainer).go_on(n_steps, lambda *_: None, lambda _: None)


def measure_kept_memory(setting: Setting) -> Measurement:
    """A step in a process that keeps what it frees, beside one that returns it to the kernel."""
    with (
        ProcessPoolExecutor(1, CONTEXT, initializer=keep_freed_memory) as keeping,
        ProcessPoolExecutor(1, CONTEXT) as returning,
    ):
        calls = {
            OURS: lambda: keeping.submit(on_one_thread, _turn).result(),
            "returning it": lambda: returning.submit(on_one_thread, _turn).result(),
        }
        rounds = alternate(calls, seconds=setting.seconds, clock=lambda turn: turn())
        kept, returned = (pool.submit(peak_bytes).result() for pool in (keeping, returning))
    memory = kept / returned
    return replace(rounds, peak_bytes=kept).measurement(
        "step/keeping freed memory",
        calls=N_STEPS,
        ratios=(
            rounds.speed("returning it"),
            Ratio(name="memory of returning it", median=memory, low=memory, high=memory),
        ),
    )


def measure_objective(setting: Setting, *, name: str) -> Measurement:
    """A training step of an objective, beside one of the beta-VAE."""
    ours, beta_vae = (start("conv", "fp32", objective=o) for o in (name, "beta_vae"))
    calls = {OURS: partial(take, ours), "beta_vae": partial(take, beta_vae)}
    rounds = alternate(calls, seconds=setting.seconds)
    n_images = ours.run.batch_size
    return rounds.measurement(f"objective/{name}", calls=N_STEPS, n_images=n_images)


@cache
def start(network: str, precision: str, *, objective: str = "beta_vae") -> Trainer:
    """A run of study v1 before its first step; the main hyper-parameter of all is 4."""
    images = open_images("rendered")
    main = [field.name for field in fields(OBJECTIVES[objective])][:1]
    run = Run(
        objective=objective,
        hyperparameters=dict.fromkeys(main, 4.0),
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
    return cpu_seconds(partial(take, trainer))


@cache
def _bare_loop(network: str, precision: str) -> BareLoop:
    """The same network, precision and optimiser as the trainer's."""
    trainer = start(network, precision)
    model, run = initial_model(trainer.run), trainer.run
    optimiser = optimiser_of(run.optimiser, model.parameters(), lr=run.learning_rate, device="cpu")
    return _loop(trainer, model, optimiser, precision)


@cache
def _plain_loop(network: str) -> BareLoop:
    """The same network in torch's own layers, with torch's own defaults."""
    trainer = start(network, "fp32")
    model = with_plain_layers(initial_model(trainer.run))
    return _loop(trainer, model, Adam(model.parameters(), lr=trainer.run.learning_rate), "fp32")


def _loop(trainer: Trainer, model: Autoencoder, optimiser: Optimizer, precision: str) -> BareLoop:
    rows = np.random.default_rng(0).integers(len(trainer.images), size=N_PRELOADED)
    preloaded = as_tensor(trainer.images, rows, device=trainer.device)
    return BareLoop(model, optimiser, preloaded, trainer.run.batch_size, precision)
