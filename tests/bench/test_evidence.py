"""The frames of one or more directories, in which each run and setting has one name."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from disbench.evidence import Evidence, gather
from disbench.records import Failure, LossRecord
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

MIG = "mig/exact"
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}


@pytest.fixture
def stores(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun, details_of: Callable[..., Any]
) -> dict[str, Store]:
    """The same two runs in two directories, scored apart; one has an autoencoder beside them."""
    found = {name: Store(tmp_path / name) for name in ("new", "old")}
    for place, store in enumerate(found.values()):
        for seed in (0, 1):
            score = 0.5 * place + 0.125 * seed
            shares = (0.5 + 0.25 * place) * np.eye(3, 5)
            write_run(
                store,
                make_run(seed=seed),
                {MIG: score},
                losses=[LossRecord(4, 110.0, 100.0 + place, 2.5)],
                reconstruction=100.0 + place,
                kl=(2.0 + place, 0.5, 0.0),
                details=details_of(shares),
            )
    write_run(found["old"], make_run(**AE), {MIG: 0.25})
    return found


def _frames(evidence: Evidence) -> dict[str, pd.DataFrame]:
    tables = evidence.tables
    return {
        "runs": tables.runs,
        "scores": tables.scores,
        "summary": tables.summary,
        "curves": evidence.curves,
        "dimensions": evidence.dimensions,
        "factors": evidence.factors,
    }


def test_settings_of_one_directory_have_short_names(stores: dict[str, Store]) -> None:
    evidence = gather({"old": stores["old"]})
    assert evidence.settings == ("ae", "4")
    assert evidence.sources == ("old",)
    assert evidence.tables.runs["setting"].tolist() == ["ae", "4", "4"]
    assert [evidence.label(run) for run in evidence.runs] == [
        "ae, seed 0",
        "beta 4, seed 0",
        "beta 4, seed 1",
    ]


def test_settings_of_several_directories_are_named_with_them(stores: dict[str, Store]) -> None:
    evidence = gather(stores)
    assert evidence.settings == ("new: 4", "old: ae", "old: 4")
    assert evidence.sources == ("new", "old")
    assert [evidence.label(run) for run in evidence.runs] == [
        "new: beta 4, seed 0",
        "new: beta 4, seed 1",
        "old: ae, seed 0",
        "old: beta 4, seed 0",
        "old: beta 4, seed 1",
    ]
    assert [evidence.setting_of(run) for run in evidence.runs][1:3] == ["new: 4", "old: ae"]


@pytest.mark.parametrize(
    ("name", "column", "by_setting"),
    [
        ("runs", "reconstruction", {"new: 4": 100, "old: ae": 100.5, "old: 4": 101}),
        ("scores", "value", {"new: 4": 0.0625, "old: ae": 0.25, "old: 4": 0.5625}),
        ("summary", "mean", {"new: 4": 0.0625, "old: ae": 0.25, "old: 4": 0.5625}),
        ("curves", "reconstruction", {"new: 4": 100, "old: ae": 100, "old: 4": 101}),
        ("dimensions", "kl", {"new: 4": 2.5 / 3, "old: 4": 3.5 / 3}),
        ("factors", "share", {"new: 4": 0.3, "old: 4": 0.45}),
    ],
)
def test_same_run_in_two_directories_is_two_runs(
    name: str, column: str, by_setting: dict[str, float], stores: dict[str, Store]
) -> None:
    """In every frame each setting has the numbers of its own directory."""
    frame = _frames(gather(stores))[name]
    means = frame.groupby("setting")[column].mean()
    assert means.to_dict() == pytest.approx(by_setting)
    sources = frame["setting"].str.partition(": ")[0]
    assert sources.tolist() == frame["source"].tolist()


def test_naming_adds_no_rows(stores: dict[str, Store]) -> None:
    """A setting without a beta is found by what it lacks, once."""
    lengths = {name: len(frame) for name, frame in _frames(gather(stores)).items()}
    assert lengths == {
        "runs": 5,
        "scores": 5,
        "summary": 3,
        "curves": 5,
        "dimensions": 4 * 3,
        "factors": 4 * 5,
    }


def test_directories_are_compared_with_each_other(stores: dict[str, Store]) -> None:
    comparisons = gather(stores).tables.comparisons
    pairs = list(zip(comparisons["first"], comparisons["second"], strict=True))
    assert pairs == [("new: 4", "old: ae"), ("new: 4", "old: 4"), ("old: ae", "old: 4")]
    assert comparisons["difference"].tolist() == [-0.1875, -0.5, -0.3125]


def test_scores_of_a_representation_are_those_alone(stores: dict[str, Store]) -> None:
    evidence = gather(stores)
    assert len(evidence.scores_of("mean")) == 5
    assert evidence.scores_of("sampled").empty


def test_failed_run_without_a_folder_is_a_row_and_a_setting(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """It is in the table of runs, and in no frame that is made of folders."""
    store = Store(tmp_path)
    write_run(store, make_run(), {MIG: 0.5})
    failed = make_run(hyperparameters={"beta": 16.0})
    store.note_failure(Failure(run=failed, error="ValueError: no", traceback=""))
    evidence = gather({"here": store})
    assert evidence.settings == ("4", "16")
    assert evidence.tables.runs["status"].tolist() == ["done", "failed"]
    assert [run.run for run in evidence.runs] == [make_run()]
    for name in ("scores", "summary", "curves", "dimensions"):
        assert set(_frames(evidence)[name]["setting"]) == {"4"}


def test_diverged_run_has_curves_and_no_scores(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    lost = LossRecord(2, nan, nan, nan)
    write_run(Store(tmp_path), make_run(), status="diverged", losses=[lost])
    evidence = gather({"here": Store(tmp_path)})
    assert evidence.curves["setting"].tolist() == ["4"]
    assert evidence.tables.scores.empty
    assert evidence.dimensions.empty


def test_empty_directories_have_empty_frames(tmp_path: Path) -> None:
    evidence = gather({name: Store(tmp_path / name) for name in ("one", "two")})
    assert evidence.runs == evidence.settings == evidence.sources == ()
    for frame in _frames(evidence).values():
        assert frame.empty
        assert "setting" in frame


def test_empty_directory_beside_another_is_none_of_the_sources(
    tmp_path: Path, stores: dict[str, Store]
) -> None:
    evidence = gather({"empty": Store(tmp_path / "empty"), "old": stores["old"]})
    assert evidence.sources == ("old",)
    assert evidence.settings == ("ae", "4")
