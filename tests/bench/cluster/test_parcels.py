"""A run that travels: all of it, nothing else, and only to where it belongs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.cluster.parcels import Parcel, ParcelError, keep, pack, unpack
from disbench.errors import DamagedError
from disbench.records import Failure
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

CHECKPOINTS = tuple(f"checkpoint-{step:015d}-{'0' * 64}.safetensors" for step in (1, 2, 3))


@pytest.fixture
def here(tmp_path: Path) -> Store:
    """The store of the client."""
    store = Store(tmp_path / "here")
    store.make_folders()
    return store


@pytest.fixture
def there(tmp_path: Path) -> Store:
    """The store of a worker, with nothing in it."""
    store = Store(tmp_path / "there")
    store.make_folders()
    return store


@pytest.fixture
def run(make_run: Callable[..., Run]) -> Run:
    return make_run()


def _begin(store: Store, run: Run, **files: bytes) -> None:
    folder = store.begun(run).path
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _names(folder: RunFolder) -> list[str]:
    return sorted(path.name for path in folder.path.iterdir())


def test_finished_run_arrives_whole_and_ends_what_was_begun(
    here: Store, there: Store, run: Run, write_run: Callable[..., RunFolder]
) -> None:
    write_run(there, run, {"mig/exact": 0.5})
    _begin(here, run, **{CHECKPOINTS[0]: b"old"})
    keep(pack(there, run), here, run)
    assert _names(here.folder(run)) == _names(there.folder(run))
    for path in there.folder(run).path.iterdir():
        assert (here.folder(run).path / path.name).read_bytes() == path.read_bytes()
    assert not here.begun(run).path.exists()


def test_begun_run_travels_with_its_checkpoints(here: Store, there: Store, run: Run) -> None:
    _begin(here, run, **{CHECKPOINTS[0]: b"1", "progress.json": b"{}", ".half": b""})
    unpack(pack(here, run), there, run)
    assert _names(there.begun(run)) == [CHECKPOINTS[0]]


def test_failure_comes_back_and_stays_until_the_run_succeeds(
    here: Store, there: Store, run: Run
) -> None:
    failure = Failure(run=run, error="there", traceback="")
    keep(pack(there, run, failure=failure), here, run)
    assert here.failure(run) == failure
    keep(pack(there, run), here, run)
    assert here.failure(run) == failure, "a run that was stopped has not succeeded"


def test_checkpoints_that_were_outrun_are_dropped(here: Store, there: Store, run: Run) -> None:
    _begin(here, run, **{CHECKPOINTS[0]: b"1"})
    _begin(there, run, **{CHECKPOINTS[1]: b"2", CHECKPOINTS[2]: b"3"})
    keep(pack(there, run), here, run)
    assert _names(here.begun(run)) == list(CHECKPOINTS[1:])


def test_new_scores_take_the_place_of_the_old(
    here: Store, there: Store, run: Run, write_run: Callable[..., RunFolder]
) -> None:
    trained = write_run(here, run).path / "training.json"
    before = trained.stat().st_mtime_ns
    write_run(there, run, {"mig/exact": 0.5})
    parcel = pack(there, run)
    keep(replace(parcel, finished=parcel.finished | pack(here, run).finished), here, run)
    evaluation = here.folder(run).evaluation()
    assert evaluation is not None
    assert [score.protocol for score in evaluation.scores] == ["mig/exact"]
    assert trained.stat().st_mtime_ns == before, "what is the same is not written again"


@pytest.mark.parametrize(
    "name", ["../training.json", "/etc/passwd", "training.json/..", "x.py", "", "checkpoint-1"]
)
def test_file_of_no_run_is_refused(name: str, here: Store, run: Run, tmp_path: Path) -> None:
    for parcel in (Parcel({name: b""}, {}), Parcel({}, {name: b""})):
        for take in (keep, unpack):
            with pytest.raises(ParcelError, match="no file of a run"):
                take(parcel, here, run)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_failure_of_another_run_is_refused(
    here: Store, run: Run, make_run: Callable[..., Run]
) -> None:
    failure = Failure(run=make_run(seed=7), error="", traceback="")
    with pytest.raises(ParcelError, match="holds a failure of"):
        keep(Parcel({}, {}, failure), here, run)


def test_run_that_is_not_whole_is_not_published(
    here: Store, there: Store, run: Run, write_run: Callable[..., RunFolder]
) -> None:
    write_run(there, run, details={"mig/exact/mean/0/x": np.ones(2)})
    parcel = pack(there, run)
    cut = {**parcel.finished, "model.safetensors": b"cut"}
    with pytest.raises(DamagedError, match=r"model\.safetensors"):
        keep(replace(parcel, finished=cut), here, run)
    assert list(here.finished()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("details.h5", b"cut"),
        ("details.h5", None),
        ("model.safetensors", b"cut"),
        ("training.json", None),
        ("evaluation.json", b"{}"),
    ],
)
def test_scores_that_are_not_whole_leave_the_run_as_it_was(  # noqa: PLR0917 - fixtures
    name: str,
    content: bytes | None,
    here: Store,
    there: Store,
    run: Run,
    write_run: Callable[..., RunFolder],
) -> None:
    write_run(here, run)
    before = pack(here, run)
    write_run(there, run, {"mig/exact": 0.5}, details={"mig/exact/mean/0/x": np.ones(2)})
    arrived = {**pack(there, run).finished, name: content}
    files = {name: data for name, data in arrived.items() if data is not None}
    with pytest.raises(DamagedError, match=name):
        keep(Parcel(files, {}), here, run)
    assert pack(here, run) == before


def test_files_of_another_run_are_refused(
    here: Store,
    there: Store,
    run: Run,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    other = make_run(seed=7)
    write_run(there, other)
    with pytest.raises(DamagedError, match="that of another run"):
        keep(pack(there, other), here, run)
    assert pack(here, run) == Parcel({}, {})
