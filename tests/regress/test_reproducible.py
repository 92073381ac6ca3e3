"""Scores are the same bits in another process, whatever its hash seed and number of threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("print_bits.py")


def _printed(*, hash_seed: str, n_threads: str) -> list[str]:
    environment = os.environ | {
        "PYTHONHASHSEED": hash_seed,
        "OMP_NUM_THREADS": n_threads,
        "OPENBLAS_NUM_THREADS": n_threads,
    }
    finished = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, PROGRAM], env=environment, stdout=subprocess.PIPE, check=True, text=True
    )
    return finished.stdout.splitlines()


@pytest.mark.regress
def test_another_hash_seed_and_thread_count_give_the_same_bits() -> None:
    first = _printed(hash_seed="1", n_threads="1")
    assert len(first) > 30
    assert _printed(hash_seed="2", n_threads="2") == first
