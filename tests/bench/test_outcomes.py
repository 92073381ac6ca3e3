"""What is wrong with the disk is told with what to do; what is not, is none of it."""

import errno
import os
from pathlib import Path

import pytest

from disbench.outcomes import trouble


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some of your quota"),
        (errno.EROFS, "make it writable"),
        (errno.EACCES, "make it writable for you"),
        (errno.EIO, "look after the disk"),
    ],
)
def test_each_trouble_has_its_remedy(number: int, remedy: str) -> None:
    told = trouble(OSError(number, os.strerror(number), "/x/.secret.tmp"), Path("results/mine"))
    assert told == (
        f"cannot write to results/mine ({os.strerror(number)}); {remedy} and give the same "
        "command again: finished runs and checkpoints are kept"
    )


@pytest.mark.parametrize(
    "error", [ValueError("no"), OSError("of unknown number"), FileNotFoundError(2, "no")]
)
def test_other_errors_are_those_of_a_run(error: Exception) -> None:
    assert trouble(error, Path("here")) is None
