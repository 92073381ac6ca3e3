"""Measure how fast cohorts train on a GPU, beside a plain loop over one model, and its limits.

Times are by the clock, with the GPU waited for. ``--device cpu`` tries the script without one.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from arithmetic import step_bytes, step_operations
from machine import PRECISIONS
from measurement import Measurement, Ratio, Session
from plain_training import BareLoop, with_plain_layers
from rich.console import Console
from table import render
from torch.optim import Adam
from training import run_of, start

from disbench.cohort import Cohort
from disbench.dsprites import open_images
from disbench.launching import N_EAGER, Launcher, sent_steps
from disbench.provenance import provenance
from disbench.trainer import initial_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from disbench.cohort import Sent

SIZES = (1, 8, 32, 100, 300)
COPIED = 2**28
"""Numbers of float32 that are copied, a gigabyte."""


def main() -> None:
    """Measure what the command line asks for, show it, and keep it."""
    arguments = _parser().parse_args()
    sizes = tuple(int(size) for size in arguments.sizes.split(","))
    device, seconds = arguments.device, arguments.seconds
    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("torch finds no GPU here; --device cpu tries the script without one")
    rows = tuple(_measured(sizes, arguments.network, arguments.precision, device, seconds))
    session = Session(quick=False, provenance=provenance(device), measurements=rows)
    console = Console(width=100)
    for line in render(session, None, how="By the clock, the device waited for.", title="time of"):
        console.print(line, highlight=False)
    if arguments.json:
        arguments.json.write_text(session.model_dump_json(indent=1) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gpu.py", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="runs of the cohorts")
    parser.add_argument("--network", default="conv")
    parser.add_argument("--precision", default="bf16", choices=PRECISIONS)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--seconds", type=float, default=5.0, help="that each row takes at least")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that is measured")
    return parser


def _measured(
    sizes: tuple[int, ...], network: str, precision: str, device: str, seconds: float
) -> Iterator[Measurement]:
    operations = _multiplying(precision, device, seconds)
    bandwidth = _copying(device, seconds)
    yield Measurement(row=f"machine/multiply {precision}", value=operations / 1e9, unit="GFLOP/s")
    yield Measurement(row="machine/copy", value=bandwidth / 1e9, unit="GB/s")
    plain = _plain_seconds(network, device, seconds)
    trainer = start(network, precision)
    n_images = trainer.run.batch_size
    yield Measurement(row=f"plain loop/{network}/fp32", value=plain, n_images=n_images)
    floor = max(
        step_operations(trainer) / operations,
        step_bytes(trainer.model, n_images, PRECISIONS[precision]) / bandwidth,
    )
    for n in sizes:
        taken, peak = _cohort_seconds(n, network, precision, device, seconds)
        speed = n * plain / taken
        yield Measurement(
            row=f"cohort/{network}/{precision}/{n}",
            value=taken,
            n_images=n * n_images,
            floor=n * floor,
            ratios=(Ratio(name="speed of plain loop", median=speed, low=speed, high=speed),),
            peak_bytes=peak,
        )


def _cohort_seconds(
    n: int, network: str, precision: str, device: str, seconds: float
) -> tuple[float, int]:
    """Seconds of a step of a cohort with all that it draws, and the memory of the device."""
    _forget(device)
    runs = [run_of(network, precision, seed=seed) for seed in range(n)]
    cohort = Cohort.start(runs, open_images("rendered"), device=device)
    launcher = Launcher.of(cohort, torch.zeros(n, 3, device=device))
    feed: Iterator[Sent] = sent_steps(cohort, range(10**9))
    for _ in range(N_EAGER + 2):
        launcher.take(next(feed))
    taken = _seconds(lambda: launcher.take(next(feed)), device, seconds)
    return taken, torch.cuda.max_memory_allocated() if device == "cuda" else 0


def _plain_seconds(network: str, device: str, seconds: float) -> float:
    """Seconds of a step of one model in torch's own layers, on images that are on the device."""
    model = with_plain_layers(initial_model(run_of(network, "fp32"))).to(device)
    images = torch.randint(2, (4096, 1, 64, 64), device=device).float()
    loop = BareLoop(model, Adam(model.parameters(), lr=1e-4), images, 64, "fp32")
    loop.steps(3)
    return _seconds(lambda: loop.steps(1), device, seconds)


def _multiplying(precision: str, device: str, seconds: float) -> float:
    """Operations a second of a product of large matrices of random numbers."""
    size = 8192 if device == "cuda" else 1024
    matrix = torch.randn(size, size, device=device).to(PRECISIONS[precision])
    return 2 * size**3 / _seconds(lambda: matrix @ matrix, device, seconds)


def _copying(device: str, seconds: float) -> float:
    """Bytes read and written a second by a copy."""
    source = torch.randn(COPIED, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / _seconds(lambda: target.copy_(source), device, seconds)


def _seconds(call: Callable[[], object], device: str, seconds: float) -> float:
    """The mean time of a call, of as many as fill these seconds; the device is waited for."""
    call()
    _wait(device)
    started, n = time.perf_counter(), 0
    while (taken := time.perf_counter() - started) < seconds or not n:
        for _ in range(10):
            call()
        _wait(device)
        n += 10
    return taken / n


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _forget(device: str) -> None:
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


if __name__ == "__main__":
    main()
