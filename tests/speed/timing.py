"""CPU seconds of calls that take turns, so that a busy machine is as unkind to each of them.

CPU seconds leave out what other programs do meanwhile. They do not leave out what those do to
caches, memory and clock rates: only ratios within one session are worth comparing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from measurement import Ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Rounds:
    """CPU seconds by the name of a call, one value a round."""

    seconds: Mapping[str, tuple[float, ...]]

    @property
    def n(self) -> int:
        """How many rounds there were."""
        return min(map(len, self.seconds.values()))

    def median(self, name: str) -> float:
        """The median seconds of a call."""
        return median(self.seconds[name])

    def speed(self, of: str, *, beside: str, work: float = 1) -> Ratio:
        """How many times as fast as another call one is, which does `work` times as much."""
        return self._ratio(f"speed of {beside}", beside, of, work)

    def share(self, of: str, *, beside: str) -> Ratio:
        """The time of a call over that of another."""
        return self._ratio(f"time of {beside}", of, beside, 1)

    def _ratio(self, name: str, above: str, below: str, factor: float) -> Ratio:
        pairs = zip(self.seconds[above], self.seconds[below], strict=True)
        rounds = [factor * one / other for one, other in pairs]
        overall = factor * self.median(above) / self.median(below)
        return Ratio(name=name, median=overall, low=min(rounds), high=max(rounds))


def cpu_seconds(call: Callable[[], object]) -> float:
    """The CPU seconds that one call takes this process."""
    started = time.process_time()
    call()
    return time.process_time() - started


def alternate(
    calls: Mapping[str, Callable[[], object]],
    *,
    seconds: float,
    warm_up: bool = True,
    clock: Callable[[Callable[[], object]], float] = cpu_seconds,
) -> Rounds:
    """Make all calls in turn, at least once, until so many seconds have passed.

    A round to warm up comes first, and is not counted. The `clock` makes a call and tells how long
    it took.
    """

    def take_turns() -> dict[str, float]:
        return {name: clock(call) for name, call in calls.items()}

    if warm_up:
        take_turns()
    stop = time.perf_counter() + seconds
    rounds = [take_turns()]
    while time.perf_counter() < stop:
        rounds.append(take_turns())
    return Rounds({name: tuple(r[name] for r in rounds) for name in calls})
