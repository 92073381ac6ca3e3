"""The images: drawing the whole set, and handing a batch of it to a training step."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.path import Path
from measurement import Measurement
from processes import peak_bytes
from timing import alternate
from training import start

from disbench.dsprites import FULL, images, open_images
from disbench.dsprites.outlines import SUBPIXELS, snapped, turned
from disbench.dsprites.packed import N_BYTES, WIDTH
from disbench.dsprites.render import render_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from numpy.typing import NDArray

    from disbench.training import Trainer

N_PLAIN = 512
"""Images drawn by the plain renderer, which is slow."""

N_UNPACKED = 20_000
ON_AN_EDGE = 1e-5
"""Of all pixels, so many may have their centre on an edge, where conventions differ."""


def measure_render(setting: Setting) -> Measurement:
    """Drawing the whole set, beside asking matplotlib of every pixel whether it is inside."""
    factors = FULL.factors_of(np.random.default_rng(0).integers(FULL.n, size=N_PLAIN))
    plain = partial(_plain_images, factors)
    _render()
    peak = peak_bytes()
    _check_same(plain(), images(factors))
    calls = {"ours": _render, "matplotlib": plain}
    rounds = alternate(calls, seconds=setting.seconds, warm_up=False)
    return Measurement(
        row="render",
        value=rounds.median("ours"),
        n_images=FULL.n,
        floor=FULL.n * N_BYTES / setting.machine.bandwidth,
        ratios=(rounds.speed("ours", beside="matplotlib", work=FULL.n / N_PLAIN),),
        n_rounds=rounds.n,
        peak_bytes=peak,
    )


def measure_batches(setting: Setting) -> Measurement:
    """Drawing and unpacking a batch, beside the training step and a batch of bytes in memory."""
    trainer, steps = start("conv", "bf16"), count()
    trainer.batch(next(steps))
    peak = peak_bytes()
    calls: dict[str, Callable[[], object]] = {
        "batch": lambda: trainer.batch(next(steps)),
        "bytes in memory": _plain_batches(trainer),
        "a conv bf16 step": lambda: trainer.step(next(steps)),
    }
    rounds = alternate(calls, seconds=setting.seconds)
    n_images = trainer.run.batch_size
    return Measurement(
        row="batch",
        value=rounds.median("batch"),
        n_images=n_images,
        floor=n_images * WIDTH * WIDTH * 4 / setting.machine.bandwidth,
        ratios=(
            rounds.share("batch", beside="a conv bf16 step"),
            rounds.speed("batch", beside="bytes in memory"),
        ),
        n_rounds=rounds.n,
        peak_bytes=peak,
    )


def _render() -> None:
    """Draw all blocks into one buffer, as the cache does into its file."""
    for block in render_blocks():
        block.tobytes()


def _check_same(plain: NDArray[np.uint8], ours: NDArray[np.uint8]) -> None:
    """Raise `ValueError` for pixels that differ, other than the few that lie on an edge."""
    share = float((plain != ours).mean())
    if share > ON_AN_EDGE:
        raise ValueError(f"matplotlib lights other pixels: {share:.2%} of them")


def _plain_images(factors: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(n, 64, 64): 1 where a pixel's centre is inside the outline."""
    centres = (np.indices((WIDTH, WIDTH))[::-1].reshape(2, -1).T + 0.5) * SUBPIXELS
    return np.stack([_plain_image(row, centres) for row in factors])


def _plain_image(factors: NDArray[np.int64], centres: NDArray[np.float64]) -> NDArray[np.uint8]:
    x, y = turned(*factors[:3])
    vertices = np.concatenate([snapped(x, factors[3:4]), snapped(y, factors[4:5])]).T
    return Path(vertices).contains_points(centres).reshape(WIDTH, WIDTH).astype(np.uint8)


def _plain_batches(trainer: Trainer) -> Callable[[], torch.Tensor]:
    """Batches from bytes that are not packed, as everybody keeps them in memory."""
    rng = np.random.default_rng(0)
    rows = rng.integers(FULL.n, size=N_UNPACKED)
    unpacked = open_images("rendered").unpack(rows)

    def batch() -> torch.Tensor:
        chosen = unpacked[rng.integers(N_UNPACKED, size=trainer.run.batch_size)]
        return torch.from_numpy(chosen)[:, None].float()

    return batch
