"""The images: drawing the whole set, and handing a batch of it to a training step."""

from __future__ import annotations

from functools import cache, partial
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.path import Path
from timing import OURS, alternate
from training import start

from disbench.datasets.images import WIDTH
from disbench.dsprites import FULL, images, open_images
from disbench.dsprites.outlines import SUBPIXELS, snapped, turned
from disbench.dsprites.packed import N_BYTES
from disbench.dsprites.render import render_packed

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from measurement import Measurement
    from numpy.typing import NDArray

N_PLAIN = 512
"""Images drawn by the plain renderer, which is slow."""

ON_AN_EDGE = 1e-5
"""Of all pixels, so many may have their centre on an edge, where conventions differ."""

N_UNPACKED = 20_000


def measure_render(setting: Setting) -> Measurement:
    """Drawing the whole set, beside asking matplotlib of every pixel whether it is inside."""
    factors = FULL.factors_of(np.random.default_rng(0).integers(FULL.n, size=N_PLAIN))
    calls = {OURS: render_packed, "matplotlib": partial(_plain_images, factors)}
    rounds = alternate(calls, seconds=setting.seconds, warm_up=False)
    _check_same(_plain_images(factors), images(factors))
    return rounds.measurement(
        "render",
        n_images=FULL.n,
        floor=FULL.n * N_BYTES / setting.machine.bandwidth,
        ratios=(rounds.speed("matplotlib", work=FULL.n / N_PLAIN),),
    )


def measure_batches(setting: Setting) -> Measurement:
    """Drawing and unpacking a batch, beside the training step and a batch of bytes in memory."""
    trainer, steps = start("conv", "bf16"), count()
    calls: dict[str, Callable[[], object]] = {
        OURS: lambda: trainer.batch(next(steps)),
        "bytes in memory": lambda: _plain_batch(trainer.run.batch_size),
        "a conv bf16 step": lambda: trainer.step(next(steps)),
    }
    rounds = alternate(calls, seconds=setting.seconds)
    n_images = trainer.run.batch_size
    return rounds.measurement(
        "batch",
        n_images=n_images,
        floor=n_images * WIDTH * WIDTH * 4 / setting.machine.bandwidth,
        ratios=(rounds.share("a conv bf16 step"), rounds.speed("bytes in memory")),
    )


def _plain_images(factors: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(n, 64, 64): 1 where a pixel's centre is inside the outline."""
    centres = (np.indices((WIDTH, WIDTH))[::-1].reshape(2, -1).T + 0.5) * SUBPIXELS
    return np.stack([_plain_image(row, centres) for row in factors])


def _plain_image(factors: NDArray[np.int64], centres: NDArray[np.float64]) -> NDArray[np.uint8]:
    x, y = turned(*factors[:3])
    vertices = np.concatenate([snapped(x, factors[3:4]), snapped(y, factors[4:5])]).T
    return Path(vertices).contains_points(centres).reshape(WIDTH, WIDTH).astype(np.uint8)


def _check_same(plain: NDArray[np.uint8], ours: NDArray[np.uint8]) -> None:
    """Raise `ValueError` for pixels that differ, other than the few that lie on an edge."""
    share = float((plain != ours).mean())
    if share > ON_AN_EDGE:
        raise ValueError(f"matplotlib lights other pixels: {share:.2%} of them")


def _plain_batch(n: int) -> torch.Tensor:
    """A batch from bytes that are not packed, as everybody keeps them in memory."""
    rows = np.random.default_rng().integers(N_UNPACKED, size=n)
    return torch.from_numpy(_unpacked()[rows])[:, None].float()


@cache
def _unpacked() -> NDArray[np.uint8]:
    rows = np.random.default_rng(0).integers(FULL.n, size=N_UNPACKED)
    return open_images("rendered").unpack(rows)
