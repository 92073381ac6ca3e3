"""A run's folder appears whole or not at all; other kinds of study are refused."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from disbench.claims import TakenError
from disbench.errors import DamagedError, StoreError
from disbench.records import Failure
from disbench.run_folder import RunFolder
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run
    from disbench.study import Study


@pytest.fixture
def store(tmp_path: Path, make_study: Callable[..., Study]) -> Store:
    store = Store(tmp_path / "results")
    store.open_for(make_study())
    return store


def _begin(store: Store, run: Run, **files: str) -> RunFolder:
    folder = store.begun(run)
    folder.path.mkdir()
    for name, text in files.items():
        (folder.path / name.replace("_", ".")).write_text(text)
    return folder


def _damaged(path: Path) -> DamagedError:
    return DamagedError(path, "it was dropped")


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_folder_appears_when_it_is_published(store: Store, make_run: Callable[..., Run]) -> None:
    run = make_run()
    _begin(store, run, losses_csv="bits")
    assert not store.folder(run).path.exists()
    assert list(store.finished()) == []
    store.publish(run)
    assert (store.folder(run).path / "losses.csv").read_text() == "bits"
    assert [finished.path.name for finished in store.finished()] == [run.id]
    assert not store.begun(run).path.exists()


def test_run_is_under_way_while_somebody_holds_its_claim(
    store: Store, make_run: Callable[..., Run]
) -> None:
    run = make_run()
    _begin(store, run)
    assert store.under_way() == {}
    with store.claimed(run):
        assert store.under_way() == {run.id: RunFolder(store.unfinished / run.id)}
        with pytest.raises(TakenError), store.claimed(run):
            pass
    assert store.under_way() == {}


def test_only_what_makes_a_run_is_published(store: Store, make_run: Callable[..., Run]) -> None:
    run = make_run()
    folder = _begin(store, run, losses_csv="", training_json="", progress_json="", x_tmp="")
    (folder.path / "checkpoint-000000000000007-00.safetensors").touch()
    store.publish(run)
    assert _names(store.folder(run).path) == {"losses.csv", "training.json"}


def test_run_without_its_record_is_replaced_and_set_aside(
    store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = write_run(store, make_run(), weights=b"old")
    (folder.path / "training.json").unlink()
    assert write_run(store, make_run()).read_weights() == b"weights"
    aside = store.damaged / f"{make_run().id}.1"
    assert (aside / "model.safetensors").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["training.json", "losses.csv", "model.safetensors"])
def test_with_its_training_a_finished_run_is_set_aside(
    name: str, store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = write_run(store, make_run(), {"mig/exact": 0.5})
    before = _names(folder.path)
    told = store.set_aside(_damaged(folder.path / name))
    aside = store.damaged / f"{make_run().id}.1"
    assert told == f"{folder.path / name}: it was dropped; set aside in {aside}"
    assert _names(aside) == before
    assert list(store.finished()) == []


@pytest.mark.parametrize("name", ["evaluation.json", "details.h5", "pictures.h5", "codes.h5"])
def test_with_one_score_all_scores_of_a_run_are_set_aside(
    name: str, store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    folder = write_run(store, make_run(), {"mig/exact": 0.5})
    store.set_aside(_damaged(folder.path / name))
    aside = store.damaged / f"{make_run().id}.1"
    assert _names(aside) == {"evaluation.json", "details.h5", "pictures.h5"}
    assert _names(folder.path) == {"training.json", "losses.csv", "model.safetensors"}
    assert folder.damage() is None


def test_of_a_run_that_was_begun_a_checkpoint_goes_alone(
    store: Store, make_run: Callable[..., Run]
) -> None:
    run = make_run()
    folder = _begin(store, run, first="1", second="2", training_json="", losses_csv="")
    store.set_aside(_damaged(folder.path / "first"))
    assert (store.damaged / f"{run.id}.1" / "first").read_text() == "1"
    store.set_aside(_damaged(folder.path / "losses.csv"))
    assert _names(store.damaged / f"{run.id}.2") == {"training.json", "losses.csv"}
    assert _names(folder.path) == {"second"}


def test_nothing_that_was_set_aside_is_written_over(
    store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    for weights in (b"one", b"two"):
        folder = write_run(store, make_run(), weights=weights)
        store.set_aside(_damaged(folder.weights))
    found = [(store.damaged / f"{make_run().id}.{n}/model.safetensors") for n in (1, 2)]
    assert [path.read_bytes() for path in found] == [b"one", b"two"]


def test_damaged_record_beside_the_runs_goes_alone(
    store: Store, make_run: Callable[..., Run]
) -> None:
    store.note_failure(Failure(run=make_run(), error="no", traceback=""))
    path = store.failures / f"{make_run().id}.json"
    path.write_text("{")
    with pytest.raises(DamagedError) as refusal:
        store.failed()
    store.set_aside(refusal.value)
    assert store.failed() == {}
    assert (store.damaged / f"{path.name}.1").read_text() == "{"


def test_finished_runs_come_in_the_order_of_their_names(
    store: Store, make_run: Callable[..., Run]
) -> None:
    for seed in (2, 0, 1):
        _begin(store, make_run(seed=seed))
        store.publish(make_run(seed=seed))
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


def test_what_an_older_version_left_half_written_is_no_run(store: Store) -> None:
    (store.runs / ".partial-ae-seed0-9a6cc309d5f3@elsewhere@4711").mkdir()
    (store.runs / ".partial-x").mkdir()
    assert list(store.finished()) == []
    assert store.under_way() == {}


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
    with pytest.raises(
        StoreError, match=f"{path} is not valid TOML.*\nmend {path}, or move it away"
    ):
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
        ('{"schema_version": 3}', "schema_version"),
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
    assert str(refused.value).endswith("`disbench run` sets it aside and does its run again")


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


def test_damage_is_looked_at_again_by_who_does_not_hold_the_claim(
    store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    """Whoever writes replaces one file after the other, and the record last."""
    folder = write_run(store, make_run(), {"mig/exact": 0.5})
    path = folder.path / "details.h5"
    assert store.set_aside_if_still(_damaged(path)) is None
    assert path.exists()
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with store.claimed(make_run()):
        assert store.set_aside_if_still(_damaged(path)) is None
    told = store.set_aside_if_still(_damaged(path))
    assert told is not None
    assert f"{len(data) - 1:,} bytes, of {len(data):,} that were written" in told
    assert not path.exists()


def test_damage_that_was_seen_twice_is_believed(
    store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    """Of a file of version 1 no checksum tells."""
    folder = write_run(store, make_run(), {"mig/exact": 0.5})
    assert store.set_aside_if_still(_damaged(folder.weights), sure=True) is not None
    assert not folder.path.exists()


def test_run_that_another_has_published_stays(
    store: Store, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> None:
    """Whoever was thought dead comes second, with the same bits."""
    folder = write_run(store, make_run())
    _begin(store, make_run(), training_json="late")
    store.publish(make_run())
    assert folder.read_weights() == b"weights"
    assert not store.begun(make_run()).path.exists()
    assert not store.damaged.exists()


def test_file_on_the_way_to_its_name_is_no_record(
    store: Store, make_run: Callable[..., Run]
) -> None:
    (store.failures / f".{make_run().id}.json.abc.json").touch()
    assert store.failed() == {}
