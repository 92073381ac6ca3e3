"""How long a command waits before it does anything."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from timing import OURS, alternate

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from measurement import Measurement

HELP = ("-m", "disbench", "--help")
NOTHING = ("-c", "pass")
N_CODES = 2_000


def measure_help(setting: Setting) -> Measurement:
    """The help of the command line, beside a Python that does nothing."""
    return _command("start/help", HELP, setting)


def measure_score(setting: Setting) -> Measurement:
    """The score of a small file, beside the same."""
    rng = np.random.default_rng(0)
    with TemporaryDirectory() as folder:
        codes, factors = Path(folder, "codes.npy"), Path(folder, "factors.npy")
        np.save(codes, rng.standard_normal((N_CODES, 10)))
        np.save(factors, rng.integers(4, size=(N_CODES, 5)))
        asked = ("score", str(codes), "--factors", str(factors), "--protocol", "mig/exact")
        return _command("start/score", ("-m", "disbench", *asked), setting)


def _command(row: str, words: tuple[str, ...], setting: Setting) -> Measurement:
    calls = {OURS: partial(_run, words), "a bare Python": partial(_run, NOTHING)}
    rounds = alternate(
        calls, seconds=setting.seconds / 2, warm_up=False, clock=_seconds_of_children
    )
    # A process is born with the peak of the one that starts it, so a command's own is not known.
    bare = rounds.share("a bare Python")
    return replace(rounds, peak_bytes=None).measurement(row, ratios=(bare,))


def _run(words: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, *words], check=True, capture_output=True)  # noqa: S603 - ours


def _seconds_of_children(call: Callable[[], object]) -> float:
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime
