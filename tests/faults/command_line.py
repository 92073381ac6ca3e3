"""The command line of disbench in a session of its own, to be watched, signalled and killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import psutil

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence

ENTRY = Path(__file__).with_name("entry.py")
AS_USERS_DO = ("-m", "disbench")
STUDY = Path(__file__).with_name("study.toml")
FAULTS = "FAULTS"
"""The variable with the faults of a process (injected.py)."""
PATIENCE = 240.0
"""Seconds after which a test gives up; a busy machine is no fault."""

Found = TypeVar("Found")


class Ended(NamedTuple):
    """How a command ended, and all that it printed."""

    code: int
    output: str


@dataclass
class Command:
    """A command under way. Its processes are those of its session, of which it is the leader."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text("utf-8")

    def processes(self) -> list[psutil.Process]:
        """All of its processes, also those that have outlived it."""
        found = [pid for pid in psutil.pids() if _session(pid) == self.process.pid]
        return [p for p in map(_running, found) if p is not None]

    def workers(self) -> list[psutil.Process]:
        """Its workers, also those that have outlived it."""
        return [p for p in self.processes() if _is_worker(p)]

    def outlived_by(self, seconds: float) -> list[psutil.Process]:
        """Its processes that are still there so many seconds from now; it returns once none is."""
        with suppress(TimeoutError):
            until(lambda: not self.processes(), patience=seconds)
        return self.processes()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, and nobody else."""
        self.process.send_signal(number)

    def signal_all(self, number: signal.Signals) -> None:
        """Send its group a signal, as a terminal does."""
        os.killpg(self.process.pid, number)

    def wait(self) -> Ended:
        """How it ended, once it has."""
        code = self.process.wait(PATIENCE)
        return Ended(code, self.output)

    def clean_up(self) -> None:
        """Kill what is left of it."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(PATIENCE)


def start(
    *arguments: str | Path,
    log: Path,
    faults: str = "",
    before: Sequence[str] = (),
    how: Sequence[str | Path] = (ENTRY,),
) -> Command:
    """Start `disbench` with these arguments and faults.

    `log` is a folder in which the output is kept, `before` a command that starts it, and `how`
    what Python is given: `AS_USERS_DO` has no faults, and writes the whole report.
    """
    log.mkdir(exist_ok=True)
    paths = (log / f"{number}.txt" for number in count())
    path = next(path for path in paths if not path.exists())
    with path.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603
            [*before, sys.executable, *map(str, (*how, *arguments))],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {FAULTS: faults},
            start_new_session=True,
        )
    return Command(process, path)


def until(find: Callable[[], Found], *, patience: float = PATIENCE) -> Found:
    """What is found, as soon as it is there (true); `TimeoutError` if it never is."""
    end = time.monotonic() + patience
    while not (found := find()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {patience:g} s")
        time.sleep(0.01)
    return found


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _running(pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.NoSuchProcess:
        return None


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("popen_loky" in part for part in process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
