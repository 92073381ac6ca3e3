"""Every file is read, and what is not as it was written is set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from disbench.record_files import write_record
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    Command = Callable[..., Any]


@pytest.fixture
def store(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> Store:
    """Two runs."""
    store = Store(tmp_path / "results")
    for seed in (0, 1):
        write_run(store, make_run(seed=seed), {"mig/exact": 0.5})
    return store


def test_sound_runs_are_said_to_be_so(disbench: Command, store: Store) -> None:
    called = disbench("check", store.directory)
    assert (called.code, called.output) == (0, "2 finished runs, 0 set aside\n")


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [("model.safetensors", False), ("losses.csv", False), ("pictures.h5", True)],
)
def test_flipped_bit_is_found_and_the_file_set_aside(
    name: str,
    is_kept: bool,  # noqa: FBT001 - drawn by name
    disbench: Command,
    store: Store,
) -> None:
    [folder, _] = store.finished()
    data = bytearray((folder.path / name).read_bytes())
    data[-1] ^= 1
    (folder.path / name).write_bytes(data)
    called = disbench("check", store.directory)
    assert called.code == 1
    place = store.damaged / f"{folder.path.name}.1"
    assert called.output.splitlines() == [
        f"{folder.path / name}: its checksum is that of another content; set aside in {place}",
        "2 finished runs, 1 set aside",
        "`disbench run` does again what was set aside",
    ]
    assert (place / name).read_bytes() == data
    assert folder.path.exists() == is_kept
    assert disbench("check", store.directory).code == 0


def test_runs_without_checksums_are_counted(disbench: Command, store: Store) -> None:
    [folder, _] = store.finished()
    record = folder.training()
    assert record is not None
    old = record.model_copy(update={"schema_version": 1, "files": {}})
    write_record(old, folder.path / "training.json")
    called = disbench("check", store.directory)
    assert called.code == 0
    assert "1 of a version without checksums: only their records were read" in called.output


def test_directory_of_something_else_is_refused(disbench: Command, tmp_path: Path) -> None:
    called = disbench("check", tmp_path)
    assert called.code == 2
    assert "is no results directory" in called.errors
