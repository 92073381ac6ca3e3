"""Several commands on one results directory, and the locks of those that are no more."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from command_line import until
from under_way import checkpoints, owner

if TYPE_CHECKING:
    from conftest import Bench

LEASE = "lease:2"
MARKER = "filelock/2\npid={pid}\nhost={host}\nmode=lease\ntoken={token}\nduration={seconds}\n"
"""What a lock of filelock's `SoftFileLease` holds."""


def _leave_lock(bench: Bench, *, pid: int, host: str, seconds: float, more: str = "") -> None:
    """A lock on the run of the autoencoder, as another process would have left it."""
    unfinished = bench.out / "unfinished"
    unfinished.mkdir(parents=True)
    [folder] = bench.reference.glob("runs/ae-*")
    text = MARKER.format(pid=pid, host=host, token="0" * 32, seconds=seconds) + more
    (unfinished / f"{folder.name}.lock").write_text(text, "ascii")


def _dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def test_two_commands_at_once_train_each_run_once(bench: Bench) -> None:
    commands = [bench.start("--jobs", "1", faults="slow:0.02") for _ in range(2)]
    for ended in [command.wait() for command in commands]:
        bench.check_as_undisturbed(ended)
    assert bench.starts == {"ae": [0], "beta_vae": [0]}


@pytest.mark.faults
def test_second_command_waits_for_the_first_and_goes_on_when_it_dies(bench: Bench) -> None:
    first = bench.start("--jobs", "1", "--checkpoint-every", "1steps", faults="slow:2")
    until(lambda: checkpoints(bench.out, "ae"))
    second = bench.start("--jobs", "1")
    until(lambda: list(bench.out.glob("runs/beta_vae-*")))
    assert owner(bench.out, "ae") == first.process.pid
    first.process.kill()
    bench.check_as_undisturbed(second.wait())
    begun, again = bench.starts["ae"]
    assert begun == 0
    assert again >= 1


def test_lock_of_a_dead_process_is_taken_over(bench: Bench) -> None:
    _leave_lock(bench, pid=_dead_process(), host=os.uname().nodename, seconds=60.0)
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


@pytest.mark.faults
def test_lock_of_a_dead_process_whose_number_another_has(bench: Bench) -> None:
    host = os.uname().nodename
    _leave_lock(bench, pid=os.getpid(), host=host, seconds=60.0, more="start=1\n")
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


def test_lock_of_another_host_that_is_silent_is_taken_over(bench: Bench) -> None:
    _leave_lock(bench, pid=1, host="elsewhere", seconds=2.0)
    bench.check_as_undisturbed(bench.run("--jobs", "1", faults=LEASE))


@pytest.mark.faults
def test_lock_of_another_host_that_renews_it_is_waited_for(bench: Bench) -> None:
    _leave_lock(bench, pid=1, host="elsewhere", seconds=2.0)
    [lock] = bench.out.glob("unfinished/*.lock")
    command = bench.start("--jobs", "1", faults=LEASE)

    def others_are_done() -> bool:
        lock.touch()
        return any(bench.out.glob("runs/beta_vae-*"))

    until(others_are_done)
    assert "ae" not in bench.starts
    bench.check_as_undisturbed(command.wait())


@pytest.mark.parametrize(
    "content", ["", pytest.param("filelock/2\npid=12", marks=pytest.mark.faults)]
)
def test_lock_of_which_only_a_part_was_written(bench: Bench, content: str) -> None:
    """What a power cut can leave of a lock; filelock takes such a file for dead after seconds."""
    _leave_lock(bench, pid=1, host="elsewhere", seconds=60.0)
    [lock] = bench.out.glob("unfinished/*.lock")
    lock.write_text(content, "ascii")
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
