"""How a cost grows with a size, as records that go to JSON and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from disbench.records import Provenance, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

Axis = Literal["runs", "workers", "latents", "images"]


class Point(Record):
    """What one size costs: median seconds, and bytes of memory at their peak."""

    size: int
    seconds: float
    peak_bytes: int


class Curve(Record):
    """What something costs at several sizes, in ascending order.

    Seconds are of the CPU, but those of workers are by the clock. Memory is what a process of the
    suite has at its peak beyond an idle one, but that of workers is all that they have together.
    """

    name: str
    axis: Axis
    points: tuple[Point, ...]

    @property
    def exponent_of_seconds(self) -> float | None:
        """The b of seconds = a size^b; None where a size takes none."""
        return self._exponent([point.seconds for point in self.points])

    @property
    def exponent_of_memory(self) -> float | None:
        """The same of the peak of memory."""
        return self._exponent([point.peak_bytes for point in self.points])

    def _exponent(self, costs: Sequence[float]) -> float | None:
        return exponent([point.size for point in self.points], costs)


class Growth(Record):
    """All curves of one call, and the machine that they were taken on."""

    schema_version: Literal[1] = 1
    provenance: Provenance
    curves: tuple[Curve, ...]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """The slope of log cost on log size by least squares; None where a size costs nothing.

    1 is a cost in proportion, 0 one that stays; a fixed part beside one in proportion is between.
    """
    if min(costs) <= 0:
        return None
    slope, _ = np.polyfit(np.log(sizes), np.log(costs), 1)
    return float(slope)
