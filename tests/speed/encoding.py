"""Encoding, in the small batches that disbench takes and in large ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from arithmetic import encoding_operations
from plain_training import with_plain_layers
from timing import OURS, alternate
from training import start

from disbench.dsprites import FactorGrid
from disbench.encoding import encode
from disbench.trainer import as_tensor

if TYPE_CHECKING:
    from machine import Setting
    from measurement import Measurement
    from numpy.typing import NDArray

    from disbench.dsprites import PackedImages
    from disbench.models.autoencoder import Autoencoder

GRID = FactorGrid("speed", stride=(3, 3, 5, 4, 4))
"""1,024 images: one large batch."""

LARGE = 1024


def measure(setting: Setting, *, network: str) -> Measurement:
    """Encoding a grid, beside batches of 1,024 and beside the plainest network."""
    trainer = start(network, "fp32")
    model, images, rows = trainer.model, trainer.images, GRID.rows()
    plain = with_plain_layers(model)
    calls = {
        OURS: partial(encode, model, images, GRID, variational=True, device="cpu"),
        "batches of 1,024": partial(_encode, model, images, rows, LARGE),
        "plain layers": partial(_encode, plain, images, rows, trainer.run.batch_size),
    }
    rounds = alternate(calls, seconds=setting.seconds)
    operations = encoding_operations(model, as_tensor(images, rows[:1], device="cpu"))
    floor = GRID.n * operations / setting.machine.operations["fp32"]
    return rounds.measurement(f"encode/{network}", n_images=GRID.n, floor=floor)


@torch.inference_mode()
def _encode(
    model: Autoencoder, images: PackedImages, rows: NDArray[np.int64], batch_size: int
) -> NDArray[np.float32]:
    batches = np.split(rows, range(batch_size, len(rows), batch_size))
    means = [model.encode(as_tensor(images, batch, device="cpu")).mean for batch in batches]
    return torch.cat(means).numpy()
