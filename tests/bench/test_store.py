"""A run's folder appears whole or not at all; other kinds of study are refused."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from disbench.errors import StoreError
from disbench.records import Failure
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.study import Study


@pytest.fixture
def store(tmp_path: Path, make_study: Callable[..., Study]) -> Store:
    store = Store(tmp_path / "results")
    store.open_for(make_study())
    return store


def _partial(store: Store, run: Run, *, host: str, process: int) -> Path:
    path = store.runs / f".partial-{run.id}@{host}@{process}"
    path.mkdir()
    (path / "training.json").write_text("{")
    return path


def _write_half(path: Path, error: type[BaseException]) -> None:
    path.write_text("half")
    raise error


def _dead_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_folder_appears_when_it_is_complete(store: Store, make_run: Callable[..., Run]) -> None:
    run = make_run()
    with store.new(run) as folder:
        (folder.path / "file").write_text("bits")
        assert not store.folder(run).path.exists()
        assert list(store.finished()) == []
        assert store.under_way() == {run.id: folder}
    assert (store.folder(run).path / "file").read_text() == "bits"
    assert [finished.path.name for finished in store.finished()] == [run.id]
    assert store.under_way() == {}
    assert [path.name for path in store.runs.iterdir()] == [run.id]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_error_leaves_nothing(
    error: type[BaseException], store: Store, make_run: Callable[..., Run]
) -> None:
    with pytest.raises(error), store.new(make_run()) as folder:
        _write_half(folder.path / "file", error)
    assert list(store.runs.iterdir()) == []


def test_whoever_is_first_keeps_the_folder(
    store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    run = make_run()
    with store.new(run) as slower:
        write_run(Store(store.directory), make_run(seed=1))
        (store.runs / make_run(seed=1).id).rename(store.folder(run).path)
        (slower.path / "late").write_text("x")
    assert not (store.folder(run).path / "late").exists()
    assert store.folder(run).weights.read_bytes() == b"weights"
    assert [path.name for path in store.runs.iterdir()] == [run.id]


def test_run_without_its_record_is_replaced(
    store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    """The message for a damaged record says to move it away, and the run is done again."""
    folder = write_run(store, make_run())
    (folder.path / "training.json").unlink()
    folder.weights.write_bytes(b"old")
    assert write_run(store, make_run()).weights.read_bytes() == b"weights"
    assert folder.training() is not None


def test_note_of_progress_is_no_part_of_the_result(
    store: Store, make_run: Callable[..., Run]
) -> None:
    with store.new(make_run()) as folder:
        (folder.path / "progress.json").write_text("{}")
    assert list(store.folder(make_run()).path.iterdir()) == []


def test_finished_runs_come_in_the_order_of_their_names(
    store: Store, make_run: Callable[..., Run]
) -> None:
    for seed in (2, 0, 1):
        with store.new(make_run(seed=seed)):
            pass
    (store.runs / "a file").touch()
    names = [folder.path.name for folder in store.finished()]
    assert names == sorted(make_run(seed=seed).id for seed in range(3))


def test_missing_directory_has_nothing(tmp_path: Path, make_study: Callable[..., Study]) -> None:
    store = Store(tmp_path / "nowhere")
    assert list(store.finished()) == []
    assert store.failed() == store.under_way() == {}
    assert store.study() is None
    store.check_fits(make_study())
    assert not (tmp_path / "nowhere").exists()


def test_failure_is_kept_until_it_is_forgotten(store: Store, make_run: Callable[..., Run]) -> None:
    run = make_run()
    failure = Failure(run=run, error="ValueError: no", traceback="Traceback: \u2026")
    store.note_failure(failure)
    assert store.failed() == {run.id: failure}
    store.note_failure(failure.model_copy(update={"error": "KeyError: later"}))
    assert [found.error for found in store.failed().values()] == ["KeyError: later"]
    store.forget_failure(run)
    assert store.failed() == {}
    store.forget_failure(run)


def test_opening_sweeps_what_dead_processes_left(
    store: Store, make_run: Callable[..., Run], make_study: Callable[..., Study]
) -> None:
    dead = _partial(store, make_run(), host=socket.gethostname(), process=_dead_process())
    alive = _partial(store, make_run(), host=socket.gethostname(), process=os.getppid())
    elsewhere = _partial(store, make_run(), host="elsewhere", process=_dead_process())
    store.open_for(make_study())
    assert not dead.exists()
    assert alive.exists()
    assert elsewhere.exists()


def test_study_is_kept_with_its_runs(store: Store, make_study: Callable[..., Study]) -> None:
    assert store.study() == make_study()
    store.open_for(make_study(seeds=5))
    assert store.study() == make_study(seeds=5)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"model": {"latents": 4}}, "  model.latents: 3 there, 4 asked for"),
        ({"model": {"network": "fc"}}, "  model.network: conv there, fc asked for"),
        ({"training": {"steps": 9}}, "  training.steps: 4 there, 9 asked for"),
        ({"training": {"batch_size": 9}}, "  training.batch_size: 8 there, 9 asked for"),
        ({"training": {"optimiser": "adagrad"}}, "  training.optimiser: adam there, adagrad asked"),
        ({"training": {"learning_rate": 0.1}}, "  training.learning_rate: 0.001 there, 0.1 asked"),
        ({"training": {"precision": "bf16"}}, "  training.precision: fp32 there, bf16 asked for"),
        ({"evaluation": {"grid": "coarse"}}, "  evaluation.grid: tiny there, coarse asked for"),
        ({"data": "official"}, "  data: rendered there, official asked for"),
    ],
)
def test_study_of_another_kind_is_refused_with_both_values(
    changes: dict[str, Any], line: str, store: Store, make_study: Callable[..., Study]
) -> None:
    with pytest.raises(StoreError) as refused:
        store.check_fits(make_study(**changes))
    first, *lines = str(refused.value).splitlines()
    assert first == f"{store.directory} holds runs of another kind; choose another --out:"
    assert len(lines) == 1
    assert lines[0].startswith(line)


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": 7},
        {"objectives": [{"name": "vae"}]},
        {"name": "other", "description": "x"},
        {"evaluation": {"protocols": ["mig/exact", "irs/suter2019"]}},
        {"evaluation": {"save_codes": True}},
    ],
)
def test_another_grid_or_protocol_fits(
    changes: dict[str, Any], store: Store, make_study: Callable[..., Study]
) -> None:
    store.check_fits(make_study(**changes))


def test_damaged_study_is_named(store: Store, make_study: Callable[..., Study]) -> None:
    path = store.directory / "study.toml"
    path.write_text("name = ")
    with pytest.raises(StoreError, match=f"{path} is not valid TOML.*\nchoose another --out, or"):
        store.check_fits(make_study())


def test_directory_that_cannot_be_written_is_refused(
    tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write to .*/file/below \(Not a directory\)"):
        Store(tmp_path / "file" / "below").open_for(make_study())


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("", "the whole file"),
        ("not JSON", "the whole file"),
        ("[]", "the whole file"),
        ('{"schema_version": 2}', "schema_version"),
        ("\udcff", "the whole file"),
    ],
)
def test_damaged_record_is_named(
    content: str,
    where: str,
    store: Store,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    path = write_run(store, make_run()).path / "training.json"
    path.write_text(content, "utf-8", "surrogateescape")
    with pytest.raises(StoreError) as refused:
        store.folder(make_run()).training()
    assert str(refused.value).startswith(f"{path} is not what disbench wrote ({where}: ")
    assert str(refused.value).endswith("move it away, and its run will be done again")


def test_store_can_be_moved(
    store: Store,
    tmp_path: Path,
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> None:
    write_run(store, make_run())
    moved = Store(tmp_path / "moved")
    shutil.move(store.directory, moved.directory)
    assert [folder.training() for folder in moved.finished()] != [None]
