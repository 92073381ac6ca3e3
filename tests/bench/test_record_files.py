"""A record carries its own checksum, and is read back as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disbench.errors import DamagedError
from disbench.record_files import read_record, write_record
from disbench.records import Failure
from disbench.run_folder import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.runs import Run

PROGRESS = Progress(phase="scoring", step=1, reconstruction=0.5, kl=float("inf"))


def test_record_is_plain_json(tmp_path: Path) -> None:
    """The checksum is that of the file without the line that holds it."""
    path = tmp_path / "progress.json"
    write_record(PROGRESS, path)
    assert path.read_text() == (
        '{\n "sha256": "fdaf40342c1012d3543562d6e9266921'
        '5e7aee2c476ffc20a320373f74cd7e83",\n'
        ' "phase": "scoring",\n "step": 1,\n "reconstruction": 0.5,\n "kl": "Infinity"\n}\n'
    )
    assert read_record(Progress, path) == PROGRESS


def test_missing_record_is_none(tmp_path: Path) -> None:
    assert read_record(Progress, tmp_path / "progress.json") is None


def test_record_without_a_checksum_is_one_of_version_1(
    tmp_path: Path, make_run: Callable[..., Run]
) -> None:
    failure = Failure(run=make_run(), error="no", traceback="")
    for version, is_read in ((1, True), (2, False)):
        found = failure.model_copy(update={"schema_version": version})
        (tmp_path / "failure.json").write_text(found.model_dump_json())
        if is_read:
            assert read_record(Failure, tmp_path / "failure.json") == found
        else:
            with pytest.raises(DamagedError, match="it lacks its checksum"):
                read_record(Failure, tmp_path / "failure.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"phase": 3}', "\ud800"])
def test_what_is_no_record_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(DamagedError) as refusal:
        read_record(Progress, path)
    assert str(refusal.value).startswith(f"{path} is not what disbench wrote (")


def test_folder_in_the_place_of_a_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="Is a directory"):
        read_record(Progress, tmp_path)


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unseen(
    place: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.json"
    write_record(PROGRESS, path, durable=False)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(DamagedError):
        read_record(Progress, path)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.EACCES, errno.ESTALE])
def test_file_that_cannot_be_read_now_is_not_damaged(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a whole directory would be set aside for a moment without a network."""
    path = tmp_path / "progress.json"
    write_record(PROGRESS, path)

    def read(_: Path) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "read_bytes", read)
    with pytest.raises(OSError, match=os.strerror(number)):
        read_record(Progress, path)
