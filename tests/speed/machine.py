"""What this machine could do at most, on one thread: the floors of all that is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from measurement import Measurement
from timing import alternate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PRECISIONS: Mapping[str, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}
MATRIX_SIZES = (256, 1024, 2048)
COPIED_BYTES = 2**28
"""Far more than any cache holds."""


@dataclass(frozen=True)
class Machine:
    """Operations a second by precision, and bytes copied (read and written) a second."""

    operations: Mapping[str, float]
    bandwidth: float


@dataclass(frozen=True)
class Setting:
    """What a row is told: the machine's limits, and for how long to take turns."""

    machine: Machine
    seconds: float


def probe(seconds: float) -> Machine:
    """The best rates of matrix multiplication and of copying that are seen in this time."""
    share = seconds / (len(PRECISIONS) + 1)
    operations = {name: _multiplication(dtype, share) for name, dtype in PRECISIONS.items()}
    return Machine(operations, _copying(share))


def measurements(machine: Machine) -> Iterator[Measurement]:
    """The limits of the machine, as rows of the table."""
    for name, rate in machine.operations.items():
        yield Measurement(row=f"machine/multiply {name}", value=rate / 1e9, unit="GFLOP/s")
    yield Measurement(row="machine/copy", value=machine.bandwidth / 1e9, unit="GB/s")


def _multiplication(dtype: torch.dtype, seconds: float) -> float:
    share = seconds / len(MATRIX_SIZES)
    return max(_rate(size, dtype, share) for size in MATRIX_SIZES)


def _rate(size: int, dtype: torch.dtype, seconds: float) -> float:
    left, right, product = (torch.ones(size, size, dtype=dtype) for _ in range(3))
    rounds = alternate({"multiply": lambda: torch.mm(left, right, out=product)}, seconds=seconds)
    return 2 * size**3 / min(rounds.seconds["multiply"])


def _copying(seconds: float) -> float:
    source, target = np.ones(COPIED_BYTES, np.uint8), np.zeros(COPIED_BYTES, np.uint8)
    rounds = alternate({"copy": lambda: np.copyto(target, source)}, seconds=seconds)
    return COPIED_BYTES / min(rounds.seconds["copy"])
