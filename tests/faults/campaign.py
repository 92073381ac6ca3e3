"""Kill disbench at moments drawn at random, give the command again, and compare every bit.

For each point a generator of a fixed seed draws whether one or two jobs run, whether the command
or one of its workers is killed, and when: at a uniform fraction of the processor time that the
command takes undisturbed, which other work on the machine does not change. Prints a table, and
exits with 1 if any end state is another than the undisturbed one.
"""

from __future__ import annotations

import argparse
import math
import shutil
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import psutil
from command_line import STUDY, Command, start
from end_state import differences, leftovers
from rich.console import Console
from rich.table import Table

from disbench.dsprites import open_images
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator

POINTS, SEED = 50, 2026
MOST_COMMANDS = 3
"""The first one, the same again, and once more."""
ORPHAN_SECONDS = 15.0
CHECKPOINTS = "10steps"
POLL_SECONDS = 0.02


class Point(NamedTuple):
    """Who is killed, and when: a fraction of the undisturbed processor time."""

    jobs: int
    victim: str
    fraction: float


@dataclass(frozen=True)
class Fate:
    """What became of a point: the phase that it hit, and what was wrong at the end, if anything."""

    point: Point
    phase: str
    commands: int
    faults: tuple[str, ...]
    output: str


def draw(n_points: int, seed: int) -> Iterator[Point]:
    """The points of a campaign."""
    rng = np.random.default_rng(seed)
    for _ in range(n_points):
        jobs = int(rng.integers(1, 3))
        victim = "worker" if jobs > 1 and rng.random() < 0.5 else "command"
        yield Point(jobs, victim, float(rng.random()))


def undisturbed(folder: Path, jobs: int) -> tuple[Path, float]:
    """The results of an undisturbed command, and the processor time that it took, in seconds."""
    directory = folder / f"undisturbed {jobs}"
    command = _started(directory, folder, jobs)
    seconds = _processor_seconds(command, most=math.inf)
    ended = command.wait()
    if ended.code != 0:
        raise RuntimeError(ended.output)
    return directory, seconds


def fate(point: Point, folder: Path, reference: Path, seconds: float, rng: Generator) -> Fate:
    """Kill at a point, and go on until the study is done."""
    directory = folder / "results"
    command = _started(directory, folder, point.jobs)
    _processor_seconds(command, most=point.fraction * seconds)
    phase = _phase(directory, command)
    victims = command.workers() if point.victim == "worker" else []
    pid = int(rng.choice([p.pid for p in victims])) if victims else command.process.pid
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).send_signal(signal.SIGKILL)
    ended = [command.wait()]
    wrong = [f"{p.pid} outlives the command" for p in command.outlived_by(ORPHAN_SECONDS)]
    while ended[-1].code != 0 and len(ended) < MOST_COMMANDS:
        ended.append(_started(directory, folder, point.jobs).wait())
    wrong += [f"exit {ended[-1].code}"] if ended[-1].code else differences(directory, reference)
    wrong += leftovers(directory)
    shutil.rmtree(folder)
    hit = point._replace(victim="worker" if victims else "command")
    return Fate(hit, phase, len(ended), (*wrong,), "\n".join(e.output for e in ended))


def table(fates: Sequence[Fate]) -> Table:
    """A row a victim and phase: how many points, and how many of them ended as if undisturbed."""
    result = Table("killed", "during", "points", "commands", "same bits, nothing left over")
    groups = Counter((fate.point.victim, fate.phase) for fate in fates)
    for (victim, phase), n in sorted(groups.items()):
        found = [f for f in fates if (f.point.victim, f.phase) == (victim, phase)]
        result.add_row(victim, phase, str(n), _commands(found), str(_n_sound(found)))
    result.add_section()
    result.add_row("all", "", str(len(fates)), _commands(fates), str(_n_sound(fates)))
    return result


def _commands(fates: Sequence[Fate]) -> str:
    """How many commands it took, the fewest and the most."""
    numbers = [fate.commands for fate in fates]
    return f"{min(numbers)} to {max(numbers)}"


def _n_sound(fates: Sequence[Fate]) -> int:
    return sum(not fate.faults for fate in fates)


def _started(directory: Path, folder: Path, jobs: int) -> Command:
    arguments = ["run", STUDY, "--out", directory, "--device", "cpu", "--jobs", str(jobs)]
    return start(*arguments, "--checkpoint-every", CHECKPOINTS, log=folder / "log")


def _processor_seconds(command: Command, *, most: float) -> float:
    """The seconds that all its processes have computed, once they are so many or it has ended."""
    seconds: dict[int, float] = {}
    while command.process.poll() is None and sum(seconds.values()) < most:
        for process in command.processes():
            with suppress(psutil.NoSuchProcess):
                seconds[process.pid] = sum(process.cpu_times()[:2])
        time.sleep(POLL_SECONDS)
    return sum(seconds.values())


def _phase(directory: Path, command: Command) -> str:
    """What was going on, as the notes of the runs under way tell."""
    if command.process.poll() is not None:
        return "ended"
    notes = [folder.progress() for folder in Store(directory).under_way().values()]
    if notes:
        return " and ".join(sorted({"claiming" if n is None else n.phase for n in notes}))
    if (directory / "runs").is_dir() and any((directory / "runs").iterdir()):
        return "between runs, or tables"
    return "starting"


def _line(number: int, fate: Fate) -> str:
    point = fate.point
    line = f"{number}: {point.victim} of {point.jobs} jobs at {point.fraction:.3f}: {fate.phase}"
    return "\n".join([line, *fate.faults, fate.output]) if fate.faults else line


def main() -> None:
    """Draw the points, and print what became of each and of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    console = Console(highlight=False, width=100)
    open_images("rendered")  # once, and not in the time of a command
    fates: list[Fate] = []
    with tempfile.TemporaryDirectory(prefix="disbench-faults-") as name:
        folder = Path(name)
        references = {jobs: undisturbed(folder, jobs) for jobs in (1, 2)}
        rng = np.random.default_rng((options.seed, 1))
        for number, point in enumerate(draw(options.points, options.seed)):
            place = folder / str(number)
            place.mkdir()
            fates.append(fate(point, place, *references[point.jobs], rng))
            console.print(_line(number, fates[-1]), soft_wrap=True, markup=False)
    console.print(table(fates))
    raise SystemExit(any(fate.faults for fate in fates))


if __name__ == "__main__":
    main()
