"""As many processes as cores, and one thread in each, for as long as it was asked for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from disbench import threads
from disbench.threads import default_jobs, one_thread


def test_jobs_are_the_cores_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: {0, 4, 7})
    assert default_jobs() == 3


def _blas_threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_one_thread_lasts_as_long_as_its_block() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
            assert _blas_threads() == {1}
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_threads_come_back_after_an_error() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(RuntimeError, match="inside"), one_thread():
            raise RuntimeError("inside")
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_scoring_does_not_load_torch() -> None:
    """It takes a second, which is most of what a small file takes."""
    code = """
import sys, numpy as np, disbench
codes = np.random.default_rng(0).normal(size=(500, 2))
disbench.score(codes, (codes > 0).astype(int), protocols=["mig/exact"], seed=0)
print("torch" in sys.modules)
"""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False"]
