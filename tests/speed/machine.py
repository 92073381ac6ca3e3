"""What this machine could do at most: the floors of all that is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from measurement import Measurement
from processes import threads
from timing import alternate, cpu_seconds, wall_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Clock = Callable[[Callable[[], object]], float]

PRECISIONS: Mapping[str, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}
MATRIX_SIZES = (256, 512, 1024, 2048)
COPIED_BYTES = 2**28
"""Far more than any cache holds."""


@dataclass(frozen=True)
class Machine:
    """Operations a second by precision, on one thread and on two, and bytes copied a second.

    A copied byte is read and written.
    """

    operations: Mapping[str, float]
    operations_of_two: Mapping[str, float]
    bandwidth: float


@dataclass(frozen=True)
class Setting:
    """What a row is told: the machine's limits, and for how long to take turns."""

    machine: Machine
    seconds: float


def probe(seconds: float) -> Machine:
    """The best rates of matrix multiplication and of copying that are seen in this time.

    Those of two threads are by the clock, and true where the other programs left two cores alone.
    """
    share = seconds / (2 * len(PRECISIONS) + 1)
    operations = _multiplications(share, cpu_seconds)
    with threads(2):
        operations_of_two = _multiplications(share, wall_seconds)
    return Machine(operations, operations_of_two, _copying(share))


def measurements(machine: Machine) -> Iterator[Measurement]:
    """The limits of the machine, as rows of the table."""
    for suffix, rates in (("", machine.operations), (", 2 threads", machine.operations_of_two)):
        for name, rate in rates.items():
            row = f"machine/multiply {name}{suffix}"
            yield Measurement(row=row, value=rate / 1e9, unit="GFLOP/s")
    yield Measurement(row="machine/copy", value=machine.bandwidth / 1e9, unit="GB/s")


def _multiplications(seconds: float, clock: Clock) -> dict[str, float]:
    share = seconds / len(MATRIX_SIZES)
    return {
        name: max(_rate(size, dtype, share, clock) for size in MATRIX_SIZES)
        for name, dtype in PRECISIONS.items()
    }


def _rate(size: int, dtype: torch.dtype, seconds: float, clock: Clock) -> float:
    left, right, product = (torch.ones(size, size, dtype=dtype) for _ in range(3))
    calls = {"multiply": lambda: torch.mm(left, right, out=product)}
    rounds = alternate(calls, seconds=seconds, clock=clock)
    return 2 * size**3 / min(rounds.seconds["multiply"])


def _copying(seconds: float) -> float:
    source, target = np.ones(COPIED_BYTES, np.uint8), np.zeros(COPIED_BYTES, np.uint8)
    rounds = alternate({"copy": lambda: np.copyto(target, source)}, seconds=seconds)
    return COPIED_BYTES / min(rounds.seconds["copy"])
