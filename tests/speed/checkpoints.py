"""A checkpoint of each network, written and flushed to the disk."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from safetensors.torch import save
from timing import OURS, alternate
from training import start, take

from disbench.checkpoints import Checkpoints, Sitting
from disbench.provenance import provenance
from disbench.training import Course

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from measurement import Measurement

    from disbench.training import Moment


def measure(setting: Setting, *, network: str) -> Measurement:
    """Writing a checkpoint, beside its bytes alone: serialised, hashed, written and flushed.

    CPU seconds leave out the wait for the disk, which is what the one and the other share. The
    floor is a copy of the bytes.
    """
    trainer = start(network, "fp32")
    take(trainer)
    moment = Course.start(trainer).moment()
    sitting = Sitting(
        identity=trainer.run.identity,
        started=datetime.now(UTC),
        seconds=0.0,
        provenance=provenance("cpu"),
    )
    with TemporaryDirectory() as folder:
        checkpoints = Checkpoints(trainer.run, Path(folder))
        calls: dict[str, Callable[[], object]] = {
            OURS: partial(checkpoints.write, moment, sitting),
            "bytes alone": partial(_write, moment, Path(folder, "bytes")),
        }
        rounds = alternate(calls, seconds=setting.seconds)
        size = checkpoints.paths()[0].stat().st_size
    return rounds.measurement(f"checkpoint/{network}", floor=size / setting.machine.bandwidth)


def _write(moment: Moment, path: Path) -> None:
    """The least that a file with a checksum takes."""
    data = save({name: tensor.contiguous() for name, tensor in moment.tensors.items()})
    hashlib.sha256(data).digest()
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
