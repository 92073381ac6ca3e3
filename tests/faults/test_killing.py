"""Processes killed in the middle: nothing is lost but the steps since the last checkpoint."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from command_line import until
from under_way import checkpoints, owner, reached, step

if TYPE_CHECKING:
    from conftest import Bench

SLOW = "slow:0.02"


def test_killed_worker_is_replaced_and_its_run_goes_on_from_its_checkpoint(bench: Bench) -> None:
    command = bench.start("--jobs", "2", faults=SLOW)
    until(lambda: reached(bench.out, "ae", 30))
    victim = owner(bench.out, "ae")
    assert victim in {worker.pid for worker in command.workers()}
    os.kill(victim, signal.SIGKILL)
    bench.check_as_undisturbed(command.wait())
    first, again = bench.starts["ae"]
    assert first == 0
    assert again >= 30


def test_killed_command_is_not_outlived_by_its_workers_and_goes_on(bench: Bench) -> None:
    command = bench.start("--jobs", "2", faults=SLOW)
    until(lambda: reached(bench.out, "ae", 20) and reached(bench.out, "beta_vae", 20))
    command.signal(signal.SIGKILL)
    assert command.wait().code == -signal.SIGKILL
    assert command.outlived_by(10.0) == []
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
    assert all(again >= 20 for [_, again] in bench.starts.values())


@pytest.mark.faults
def test_worker_without_a_run_does_not_outlive_a_killed_command(bench: Bench) -> None:
    bench.finish()
    shutil.rmtree(bench.run_folder("ae"))
    command = bench.start("--jobs", "2", faults=SLOW)
    until(lambda: reached(bench.out, "ae", 20) and len(command.workers()) == 2)
    command.signal(signal.SIGKILL)
    command.wait()
    assert command.outlived_by(10.0) == []


@pytest.mark.faults
def test_command_given_again_while_the_workers_of_a_killed_one_end(bench: Bench) -> None:
    command = bench.start("--jobs", "2", faults=SLOW)
    until(lambda: reached(bench.out, "ae", 20) and reached(bench.out, "beta_vae", 20))
    command.signal(signal.SIGKILL)
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
    assert all(again >= 20 for [_, again] in bench.starts.values())


def test_killed_command_of_one_job_goes_on_from_its_checkpoint(bench: Bench) -> None:
    command = bench.start("--jobs", "1", faults=SLOW)
    until(lambda: reached(bench.out, "ae", 30))
    command.signal(signal.SIGKILL)
    command.wait()
    last = step(checkpoints(bench.out, "ae")[0])
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
    assert bench.starts == {"ae": [0, last], "beta_vae": [0]}


def test_checkpoint_between_two_records_of_the_losses(bench: Bench) -> None:
    """The sums of the losses since the last record are part of it."""
    every = ("--checkpoint-every", "7steps", "--jobs", "1")
    command = bench.start(*every, faults=SLOW)
    until(lambda: reached(bench.out, "ae", 21))
    command.signal(signal.SIGKILL)
    command.wait()
    last = step(checkpoints(bench.out, "ae")[0])
    assert last % 50 != 0
    bench.check_as_undisturbed(bench.run(*every))
    assert bench.starts["ae"] == [0, last]
