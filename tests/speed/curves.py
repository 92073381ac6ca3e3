"""Train a network in float32 and in bfloat16, and show how far apart the curves of its loss are.

That bfloat16 is faster says nothing if it learns less. The runs of the two precisions have other
weights to begin with and other batches, as any two seeds have: what they differ by is to be read
beside what seeds differ by.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
from machine import PRECISIONS
from processes import CONTEXT, on_one_thread
from rich.console import Console
from rich.table import Table
from training import start

from disbench.dsprites import open_images
from disbench.hardware import keep_freed_memory
from disbench.models.networks import NETWORKS
from disbench.training import train

N_ROWS = 10


def main() -> None:
    """Train what the command line asks for, and print a row for every tenth of the steps."""
    arguments = _parser().parse_args()
    open_images("rendered")  # before the processes ask for them, all at once
    runs = list(product(PRECISIONS, range(arguments.seeds)))
    curve = partial(_curve, arguments.network, arguments.steps)
    with ProcessPoolExecutor(arguments.jobs, CONTEXT, initializer=keep_freed_memory) as pool:
        curves = np.array(list(pool.map(partial(on_one_thread, curve), runs)))
    steps, losses = curves[0, :, 0], curves[:, :, 1].reshape(len(PRECISIONS), arguments.seeds, -1)
    Console().print(_table(steps, *losses))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="curves.py", description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, default="conv")
    parser.add_argument("--seeds", type=int, default=3, help="of each precision; 3 unless told")
    parser.add_argument("--steps", type=int, default=1500, help="of 64 images; 1500 unless told")
    parser.add_argument("--jobs", type=int, default=2, help="processes; 2 unless told")
    return parser


def _curve(network: str, steps: int, what: tuple[str, int]) -> list[tuple[int, float]]:
    """The loss of a beta-VAE on dSprites, in nats per image, each a mean since the one before."""
    precision, seed = what
    trainer = start(network, precision)
    run = replace(trainer.run, seed=seed, steps=steps)
    losses = train(run, trainer.images, device="cpu").losses
    return [(record.step, record.loss) for record in losses]


def _table(steps: np.ndarray, fp32: np.ndarray, bf16: np.ndarray) -> Table:
    """Means over seeds, (seeds, records) of each precision, and what they differ by."""
    columns = ("steps", "fp32", "bf16", "difference", "its standard error", "spread over seeds")
    table = Table(*columns, box=None)
    every = max(len(steps) // N_ROWS, 1)
    for at in range(every - 1, len(steps), every):
        one, other = fp32[:, at], bf16[:, at]
        spread = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
        error = spread * np.sqrt(2 / len(one))
        values = (one.mean(), other.mean(), other.mean() - one.mean(), error, spread)
        table.add_row(f"{steps[at]:.0f}", *(f"{value:.2f}" for value in values))
    return table


if __name__ == "__main__":
    main()
