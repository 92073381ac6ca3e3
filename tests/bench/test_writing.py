"""What is wrong with the disk is told with what to do; what is not, is none of it."""

import errno
import os
from pathlib import Path

import pytest

from disbench.errors import StoreError, WriteError
from disbench.writing import trouble, writing


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
    told = trouble(
        OSError(number, os.strerror(number), "results/mine/.secret.tmp"), Path("results/mine")
    )
    assert told == f"cannot write to results/mine ({os.strerror(number)}); {remedy}"


@pytest.mark.parametrize(
    "error", [ValueError("no"), OSError("of unknown number"), FileNotFoundError(2, "no")]
)
def test_other_errors_are_those_of_a_run(error: Exception) -> None:
    assert trouble(error, Path("here")) is None


def test_error_of_another_place_is_none_of_this(tmp_path: Path) -> None:
    """A data file that may not be read, say."""
    error = OSError(errno.EACCES, "Permission denied", str(tmp_path / "data" / "dsprites.npz"))
    assert trouble(error, tmp_path / "results" / "mine") is None


def test_error_names_the_place_and_what_to_do() -> None:
    with pytest.raises(WriteError) as refusal, writing(Path("here")):
        raise OSError(errno.ENOSPC, "No space left", "here/.x.tmp")
    assert str(refusal.value) == "cannot write to here (No space left); free some space"


def test_error_without_a_remedy_asks_for_another_place() -> None:
    with pytest.raises(WriteError) as refusal, writing(Path("here")):
        raise IsADirectoryError(errno.EISDIR, "Is a directory", ".x.tmp", None, "here/runs.csv")
    assert str(refusal.value) == (
        "cannot write to here (Is a directory at here/runs.csv); choose another place"
    )


def test_other_errors_pass() -> None:
    with pytest.raises(StoreError, match="no"), writing(Path("here")):
        raise StoreError("no")
