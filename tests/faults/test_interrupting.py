"""Signals that ask to stop: all is left at a checkpoint, with exit code 130, and goes on."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_line import AS_USERS_DO, STUDY, start, until
from under_way import checkpoints, reached, step

if TYPE_CHECKING:
    from command_line import Command
    from conftest import Bench

SLOW = "slow:0.02"
INTERRUPTED = 130


def _is_loading_torch(command: Command) -> bool:
    return "libtorch_cpu" in Path(f"/proc/{command.process.pid}/maps").read_text("utf-8")


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.faults)])
def test_terminated_command_leaves_checkpoints(bench: Bench, jobs: str) -> None:
    command = bench.start("--jobs", jobs, faults=SLOW)
    until(lambda: reached(bench.out, "ae", 20))
    command.signal(signal.SIGTERM)
    until(lambda: "the same command goes on from there" in command.output, patience=10.0)
    ended = command.wait()
    assert ended.code == INTERRUPTED
    assert "Traceback" not in ended.output
    assert command.outlived_by(2.0) == []
    last = step(checkpoints(bench.out, "ae")[0])
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
    assert bench.starts["ae"] == [0, last]


def test_interrupted_group_leaves_checkpoints(bench: Bench) -> None:
    """What a terminal does upon Ctrl-C: the workers get the signal, too."""
    command = bench.start("--jobs", "2", faults=SLOW)
    until(lambda: reached(bench.out, "ae", 20) and reached(bench.out, "beta_vae", 20))
    command.signal_all(signal.SIGINT)
    ended = command.wait()
    assert ended.code == INTERRUPTED
    assert "the same command goes on from there" in ended.output
    assert "Traceback" not in ended.output
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
    went_on = [again for _, *more in bench.starts.values() for again in more]
    assert went_on  # but on a busy machine one may have ended before the signal
    assert all(again >= 20 for again in went_on)


@pytest.mark.faults
def test_terminated_group_leaves_checkpoints(bench: Bench) -> None:
    """What a batch system does at the end of the time that it gives."""
    command = bench.start("--jobs", "2", faults=SLOW)
    until(lambda: reached(bench.out, "ae", 20) and reached(bench.out, "beta_vae", 20))
    command.signal_all(signal.SIGTERM)
    assert command.wait().code == INTERRUPTED
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
    assert all(again >= 20 for [_, again] in bench.starts.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_command_can_be_interrupted_while_it_loads(
    bench: Bench, number: signal.Signals, tmp_path: Path
) -> None:
    command = start("run", STUDY, "--out", bench.out, log=tmp_path / "log", how=AS_USERS_DO)
    bench.commands.append(command)
    until(lambda: _is_loading_torch(command))
    command.signal_all(number)
    ended = command.wait()
    assert ended.code == (INTERRUPTED if number == signal.SIGINT else -signal.SIGTERM)
    assert "Traceback" not in ended.output
    assert not bench.out.exists()


@pytest.mark.faults
def test_interrupted_while_its_workers_load(bench: Bench) -> None:
    command = bench.start("--jobs", "2")
    until(command.workers)
    command.signal_all(signal.SIGINT)
    ended = command.wait()
    assert ended.code == INTERRUPTED
    assert "Traceback" not in ended.output
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.faults)])
def test_second_interruption_ends_it_at_once(bench: Bench, jobs: str) -> None:
    command = bench.start("--jobs", jobs, "--checkpoint-every", "1steps", faults="slow:3")
    until(lambda: checkpoints(bench.out, "ae"))
    command.signal_all(signal.SIGINT)
    until(lambda: "Ctrl-C again stops at once" in command.output)
    began = time.monotonic()
    command.signal_all(signal.SIGINT)
    assert command.wait().code == INTERRUPTED
    assert time.monotonic() - began < 2.0
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
