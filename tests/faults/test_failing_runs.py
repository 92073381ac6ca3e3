"""Runs that cannot be done: told apart, told of, and no hindrance to the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from end_state import leftovers

from disbench.rounds import MOST_DEATHS

if TYPE_CHECKING:
    from conftest import Bench


def _only_finished(bench: Bench) -> str:
    """The objective of the one run that is finished."""
    [folder] = (bench.out / "runs").iterdir()
    return folder.name.partition("-")[0]


def _failure(bench: Bench) -> str:
    """What is kept of the one run that failed."""
    [path] = (bench.out / "failures").iterdir()
    error: str = json.loads(path.read_bytes())["error"]
    return error


def test_diverged_run_is_kept_and_not_tried_again(bench: Bench) -> None:
    bench.change_study("learning_rate = 1e-3", "learning_rate = 1e30")
    for _ in range(2):
        ended = bench.run("--jobs", "1")
        assert ended.code == 0, ended.output
    assert bench.starts == {"ae": [0], "beta_vae": [0]}
    assert leftovers(bench.out) == []
    record = json.loads((bench.run_folder("beta_vae") / "training.json").read_bytes())
    assert record["status"] == "diverged"


def test_run_that_always_loses_its_worker_is_given_up(bench: Bench) -> None:
    ended = bench.run("--jobs", "2", faults="dies:beta_vae")
    assert ended.code == 1
    assert f"its process was killed {MOST_DEATHS} times" in ended.output
    assert "give it more, or fewer --jobs" in ended.output
    assert len(bench.starts["beta_vae"]) == MOST_DEATHS
    assert _only_finished(bench) == "ae"
    assert "killed" in _failure(bench)
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


def test_run_without_memory_fails_and_says_what_to_do(bench: Bench) -> None:
    ended = bench.run("--jobs", "1", faults="out_of_memory:beta_vae")
    assert ended.code == 1
    assert "give it more memory, or fewer --jobs" in ended.output
    assert _only_finished(bench) == "ae"
    assert "MemoryError" in _failure(bench)
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


@pytest.mark.faults
def test_system_that_gives_no_more_memory(bench: Bench) -> None:
    """A batch system that limits memory has torch say that it is out of it."""
    ended = bench.run("--jobs", "2", faults="little_memory:beta_vae")
    assert ended.code == 1
    assert "give it more memory, or fewer --jobs" in ended.output
    assert _only_finished(bench) == "ae"
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
