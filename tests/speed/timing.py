"""CPU seconds of calls that take turns, so that a busy machine is as unkind to each of them.

CPU seconds leave out what other programs do meanwhile. They do not leave out what those do to
caches, memory and clock rates: only ratios within one session are worth comparing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from measurement import Measurement, Ratio
from processes import peak_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OURS = "ours"
"""The call that the others are there to be compared with."""

LEAST_ROUNDS = 3
"""Fewer have no median; calls too slow to warm up are too slow to be made so often."""


@dataclass(frozen=True)
class Rounds:
    """CPU seconds by the name of a call, one value a round, and a peak of memory."""

    seconds: Mapping[str, tuple[float, ...]]
    peak_bytes: int | None

    @property
    def median(self) -> float:
        """The median seconds of our call."""
        return median(self.seconds[OURS])

    def speed(self, beside: str, *, work: float = 1) -> Ratio:
        """How many times as fast as another call ours is, which does `work` times as much."""
        return self._ratio(f"speed of {beside}", beside, OURS, work)

    def share(self, beside: str) -> Ratio:
        """The time of our call over that of another."""
        return self._ratio(f"time of {beside}", OURS, beside, 1)

    def measurement(
        self,
        row: str,
        *,
        calls: int = 1,
        n_images: int | None = None,
        floor: float | None = None,
        ratios: tuple[Ratio, ...] | None = None,
    ) -> Measurement:
        """The row of one of the `calls` in a turn, with our speed beside the others by default."""
        others = [name for name in self.seconds if name != OURS]
        return Measurement(
            row=row,
            value=self.median / calls,
            n_images=n_images,
            floor=floor,
            ratios=tuple(map(self.speed, others)) if ratios is None else ratios,
            n_rounds=len(self.seconds[OURS]),
            peak_bytes=self.peak_bytes,
        )

    def _ratio(self, name: str, above: str, below: str, factor: float) -> Ratio:
        pairs = zip(self.seconds[above], self.seconds[below], strict=True)
        rounds = [factor * one / other for one, other in pairs]
        overall = factor * median(self.seconds[above]) / median(self.seconds[below])
        return Ratio(name=name, median=overall, low=min(rounds), high=max(rounds))


def cpu_seconds(call: Callable[[], object]) -> float:
    """The CPU seconds that one call takes this process."""
    started = time.process_time()
    call()
    return time.process_time() - started


def wall_seconds(call: Callable[[], object]) -> float:
    """The seconds by the clock that one call takes: what several processes or threads share."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def alternate(
    calls: Mapping[str, Callable[[], object]],
    *,
    seconds: float,
    warm_up: bool = True,
    clock: Callable[[Callable[[], object]], float] = cpu_seconds,
) -> Rounds:
    """Make all calls in turn, ours first, until so many seconds have passed.

    A round to warm up comes before, and is not counted. The `clock` makes a call and tells how
    long it took. The peak of memory is that of this process after the very first call.
    """
    turns = [(name, clock(call), peak_bytes()) for name, call in calls.items()]
    peak = turns[0][-1]
    rounds = [] if warm_up else [{name: taken for name, taken, _ in turns}]
    least = LEAST_ROUNDS if warm_up else 1
    stop = time.perf_counter() + seconds
    while len(rounds) < least or time.perf_counter() < stop:
        rounds.append({name: clock(call) for name, call in calls.items()})
    return Rounds({name: tuple(r[name] for r in rounds) for name in calls}, peak)
