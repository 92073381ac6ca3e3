"""Faults that are put into a process of disbench from outside, by name.

The variable FAULTS holds them with spaces between, each a name and its arguments with colons
between: ``dies:ae lease:2``. Workers inherit the variable.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import tempfile
import time
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import command_line

from disbench import claims, finishing, rounds, sittings, store, worker
from disbench.report import build

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from disbench.cells import Cell
    from disbench.outcomes import Outcome
    from disbench.seeing import Seen
    from disbench.training import Moment

HOUR = 3600.0


def install() -> None:
    """Put in the faults that the variable names, and leave out what has no part in them."""
    leave_out_the_page()
    for fault in os.environ.get(command_line.FAULTS, "").split():
        name, *arguments = fault.split(":")
        FAULTS[name](*arguments)


@lru_cache(maxsize=1)
def _install_once() -> None:
    install()


def finish_in_worker(cell: Cell, session: Path, parent: int, seen: Seen | None) -> Outcome:
    """What a worker does, in a process with the faults."""
    _install_once()
    return worker.finish_in_worker(cell, session, parent, seen)


def leave_out_the_page() -> None:
    """Write the tables alone: the page and its figures take longer than the runs of a test."""
    changes: dict[str, Callable[..., object]] = {
        "draw_pictures": lambda *_: {},
        "explorables": lambda _: (),
        "page_of": lambda *_, **__: None,
        "render": lambda _: "left out\n",
    }
    for name, change in changes.items():
        setattr(build, name, change)


def disk_full(pattern: str, number: str) -> None:
    """No room from the n-th file on whose name fits the pattern, until the process ends."""
    real, counter, full = tempfile.mkstemp, count(1), False

    def mkstemp(*arguments: Any, **options: Any) -> Any:
        nonlocal full
        name = str(options.get("prefix", "")).strip(".")
        full = full or (fnmatchcase(name, pattern) and next(counter) >= int(number))
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments, **options)

    tempfile.mkstemp = mkstemp


def dies(objective: str) -> None:
    """The process is killed whenever it trains this objective."""
    _before_training(objective, lambda: os.kill(os.getpid(), signal.SIGKILL))


def out_of_memory(objective: str) -> None:
    """Python finds no memory when it trains this objective."""

    def fail() -> None:
        raise MemoryError

    _before_training(objective, fail)


def little_memory(objective: str) -> None:
    """The system gives no more memory, from when this objective is trained on."""

    def limit() -> None:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    _before_training(objective, limit)


def clock_jumps() -> None:
    """The clock is hours off, another time whenever somebody looks."""
    real, offsets = time.time, count()
    time.time = lambda: real() + HOUR * ((next(offsets) * 7) % 23 - 11)


def lease(seconds: str) -> None:
    """A claim that is not renewed is lost after so many seconds."""
    claims.LEASE_SECONDS = float(seconds)
    rounds.POLL_SECONDS = 0.1


def slow(seconds: str) -> None:
    """Every step takes so much longer."""
    real = sittings.Sittings.after_step

    def after_step(*arguments: Any) -> None:
        time.sleep(float(seconds))
        real(*arguments)

    sittings.Sittings.after_step = after_step  # type: ignore[method-assign]


def publishing_fails() -> None:
    """No room for the name of a finished run."""

    def flush(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store.flush = flush


def noted(folder: str) -> None:
    """Whenever a run is trained, a file in this folder tells from which step on."""
    real = finishing.TRAIN["cpu"]

    def train(run: Any, *arguments: Any, moment: Moment | None = None, **options: Any) -> Any:
        step = 0 if moment is None else moment.step
        handle, _ = mkstemp(prefix=f"{run.objective}@{step}@", dir=folder)
        os.close(handle)
        return real(run, *arguments, moment=moment, **options)

    mkstemp = tempfile.mkstemp  # not one that finds no room
    finishing.TRAIN["cpu"] = train


def _before_training(objective: str, fault: Callable[[], None]) -> None:
    real = finishing.TRAIN["cpu"]

    def train(run: Any, *arguments: Any, **options: Any) -> Any:
        if run.objective == objective:
            fault()
        return real(run, *arguments, **options)

    finishing.TRAIN["cpu"] = train


FAULTS: Mapping[str, Callable[..., None]] = {
    f.__name__: f
    for f in (
        disk_full,
        dies,
        out_of_memory,
        little_memory,
        clock_jumps,
        lease,
        slow,
        publishing_fails,
        noted,
    )
}
