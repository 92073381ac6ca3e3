"""A clock that cannot be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Bench


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.faults)])
def test_jumps_of_the_clock_change_nothing(bench: Bench, jobs: str) -> None:
    ended = bench.run("--jobs", jobs, "--checkpoint-every", "1s", faults="clock_jumps")
    bench.check_as_undisturbed(ended)
    assert bench.starts == {"ae": [0], "beta_vae": [0]}
