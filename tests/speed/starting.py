"""How long a command waits before it does anything."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from processes import peak_in
from timing import OURS, alternate

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from measurement import Measurement

HELP = ("--help",)
NOTHING = ("-c", "pass")
N_CODES = 2_000

PLAIN_HELP = "import typer; app = typer.Typer(); app.command()(lambda: None); app()"

PLAIN_SCORE = """
import sys
import numpy as np
from sklearn.metrics import mutual_info_score
codes, factors = map(np.load, sys.argv[1:])
bins = [np.digitize(code, np.histogram(code, 20)[1][:-1]) for code in codes.T]
information = np.array([[mutual_info_score(b, f) for b in bins] for f in factors.T])
entropy = [mutual_info_score(f, f) for f in factors.T]
print(np.mean(np.ptp(np.sort(information)[:, -2:], axis=1) / entropy))
"""

WITH_PEAK = """
import atexit, runpy, sys
atexit.register(lambda: print(open("/proc/self/status").read(), file=sys.stderr))
runpy.run_module("disbench", run_name="__main__", alter_sys=True)
"""


def measure_help(setting: Setting) -> Measurement:
    """The help of the command line, beside that of the smallest program in typer."""
    return _command("start/help", HELP, ("-c", PLAIN_HELP, "--help"), setting)


def measure_score(setting: Setting) -> Measurement:
    """The score of a small file, beside a script that computes it."""
    rng = np.random.default_rng(0)
    with TemporaryDirectory() as folder:
        codes, factors = Path(folder, "codes.npy"), Path(folder, "factors.npy")
        np.save(codes, rng.standard_normal((N_CODES, 10)))
        np.save(factors, rng.integers(4, size=(N_CODES, 5)))
        asked = ("score", str(codes), "--factors", str(factors), "--protocol", "mig/exact")
        return _command(
            "start/score", asked, ("-c", PLAIN_SCORE, str(codes), str(factors)), setting
        )


def _command(
    row: str, asked: tuple[str, ...], plain: tuple[str, ...], setting: Setting
) -> Measurement:
    """A command of disbench; the floor is a Python that does nothing."""
    calls = {
        OURS: partial(_run, ("-m", "disbench", *asked)),
        "a plain script": partial(_run, plain),
        "a bare Python": partial(_run, NOTHING),
    }
    rounds = alternate(
        calls, seconds=setting.seconds / 2, warm_up=False, clock=_seconds_of_children
    )
    return replace(rounds, peak_bytes=_peak(asked)).measurement(
        row,
        floor=median(rounds.seconds["a bare Python"]),
        ratios=(rounds.speed("a plain script"), rounds.share("a bare Python")),
    )


def _run(words: tuple[str, ...]) -> str:
    """What a Python called with these words says of errors."""
    command = [sys.executable, *words]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    return ended.stderr


def _peak(asked: tuple[str, ...]) -> int | None:
    if not Path("/proc/self/status").exists():
        return None
    return peak_in(_run(("-c", WITH_PEAK, *asked)))


def _seconds_of_children(call: Callable[[], object]) -> float:
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime
