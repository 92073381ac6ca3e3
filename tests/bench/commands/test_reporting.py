"""`disbench report` rebuilds what is derived, and says what is missing."""

from __future__ import annotations

import io
import json
from math import nan
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from disbench.commands.reporting import headline_table
from disbench.evidence import Evidence, gather
from disbench.records import Failure, LossRecord
from disbench.store import Store
from disbench.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run
    from disbench.study import Study

    Command = Callable[..., Any]

SCORES = {"mig/exact": 0.25}


@pytest.fixture
def store(
    tmp_path: Path,
    make_study: Callable[..., Study],
    make_run: Callable[..., Run],
    write_run: Callable[..., Any],
) -> Store:
    """Of four runs one is done, one has diverged, one has failed, and one was not begun."""
    store = Store(tmp_path / "results")
    store.open_for(make_study(seeds=2, evaluation={"representations": ["mean"]}))
    write_run(store, make_run(seed=1), SCORES)
    lost = LossRecord(2, nan, nan, nan)
    write_run(store, make_run(), status="diverged", losses=[lost])
    failed = make_run(objective="ae", hyperparameters={})
    store.note_failure(Failure(run=failed, error="ValueError: no", traceback=""))
    return store


def _text(evidence: Evidence) -> str:
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(headline_table(evidence))
    return console.export_text()


def _rows(evidence: Evidence) -> list[list[str]]:
    return [line.split() for line in _text(evidence).splitlines()]


def test_headline_has_a_row_a_setting(store: Store) -> None:
    first, second, *rows = _rows(gather({"here": store}))
    assert (first, second) == (["mig/"], ["setting", "n", "recon.", "KL", "exact"])
    assert rows == [
        ["ae", "0", "\u2013", "\u2013", "\u2013"],
        ["beta", "4", "1", "100.5", "1.8", "0.250"],
    ]


def test_headline_of_nothing_has_no_rows(tmp_path: Path) -> None:
    assert _rows(gather({"here": Store(tmp_path)})) == [["setting", "n", "recon.", "KL"]]


def test_headline_names_the_sources_where_there_are_several(store: Store) -> None:
    _, _, *rows = _rows(gather({"one": store, "two": store}))
    assert [row[:3] for row in rows] == [
        ["one:", "ae", "0"],
        ["one:", "beta", "4"],
        ["two:", "ae", "0"],
        ["two:", "beta", "4"],
    ]


def test_headline_fits_in_80_columns_and_counts_what_does_not(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., Any]
) -> None:
    """Beside short names there is room for three protocols, beside long ones for one."""
    names = ["mig/exact", "dci/gbt", "factor_vae/locatello2019", "sap/locatello2019"]
    names += ["beta_vae/locatello2019"]
    for folder in ("short", "long"):
        write_run(Store(tmp_path / folder), make_run(), dict.fromkeys(names, 0.5))
    source = "a-directory-of-a-long-name"
    few = gather({"short": Store(tmp_path / "short")})
    many = gather({source: Store(tmp_path / "long"), "b": Store(tmp_path / "short")})
    for evidence, n_scores in ((few, 3), (many, 1)):
        text = _text(evidence)
        assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
        [row, *_] = [line for line in text.splitlines() if "beta 4" in line]
        assert row.split().count("0.500") == n_scores
        assert f"and {5 - n_scores} more protocols in summary.csv" in text


def test_unfinished_directory_is_reported(disbench: Command, store: Store) -> None:
    called = disbench("report", store.directory)
    assert (called.code, called.errors) == (0, "")
    assert called.output.splitlines()[-5:] == [
        f"tables and figures: {store.directory}/",
        f"report: {store.directory}/report.html",
        "2 runs of the study are missing:",
        "  ae, seed 0",
        "  ae, seed 1",
    ]
    assert list(read_csv("runs", store.directory)["status"]) == ["failed", "diverged", "done"]
    assert read_csv("scores", store.directory)["value"].tolist() == [0.25]
    assert read_csv("summary", store.directory)["mean"].tolist() == [0.25]
    assert (store.directory / "figures" / "training_curves.png").is_file()
    assert (store.directory / "report.html").is_file()


def test_directory_that_has_just_begun_is_reported(
    disbench: Command, tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    Store(tmp_path).open_for(make_study())
    called = disbench("report", tmp_path)
    assert (called.code, called.errors) == (0, "")
    assert called.output.splitlines()[-3:] == [
        "2 runs of the study are missing:",
        "  ae, seed 0",
        "  beta_vae, beta 4, seed 0",
    ]


def test_directory_without_a_study_misses_nothing(disbench: Command, store: Store) -> None:
    (store.directory / "study.toml").unlink()
    called = disbench("report", store.directory)
    assert (called.code, called.errors) == (0, "")
    assert called.output.splitlines()[-1] == f"report: {store.directory}/report.html"


def test_json_report_names_what_is_missing(disbench: Command, store: Store) -> None:
    called = disbench("report", store.directory, "--json")
    assert (called.code, called.errors) == (0, "")
    [line] = called.output.splitlines()
    found = json.loads(line, parse_constant=pytest.fail)
    assert [row["n"] for row in found.pop("headline")] == [0, 1]
    assert found == {
        "event": "finished",
        "directory": str(store.directory),
        "report": str(store.directory / "report.html"),
        "done": 1,
        "failed": 1,
        "missing": ["ae, seed 0", "ae, seed 1"],
    }


def test_quiet_report_prints_nothing(disbench: Command, store: Store) -> None:
    assert disbench("report", store.directory, "--quiet") == (0, "", "")
    assert read_csv("scores", store.directory)["value"].tolist() == [0.25]
    called = disbench("report", store.directory, "--quiet", "--json")
    assert (called.code, called.output) == (2, "")


def test_what_was_derived_is_rebuilt(disbench: Command, store: Store) -> None:
    disbench("report", store.directory)
    before = (store.directory / "scores.csv").read_bytes()
    (store.directory / "scores.csv").write_text("old")
    (store.directory / "summary.csv").unlink()
    disbench("report", store.directory)
    assert (store.directory / "scores.csv").read_bytes() == before
    assert (store.directory / "summary.csv").is_file()


@pytest.mark.parametrize("name", ["", "nowhere", "file"])
def test_directory_without_runs_is_refused(name: str, disbench: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    called = disbench("report", tmp_path / name)
    assert called.code == 2
    assert called.errors == (
        f"error: {tmp_path / name} is no results directory: it has no runs/; give the --out of a "
        "`disbench run`, such as results/quick\n"
    )
    assert not (tmp_path / name / "runs.csv").exists()


def test_damaged_record_is_refused_by_name(disbench: Command, store: Store) -> None:
    [folder, _] = store.finished()
    (folder.path / "training.json").write_text("{}")
    called = disbench("report", store.directory)
    assert called.code == 2
    assert called.errors.startswith(f"error: {folder.path / 'training.json'} is not what disbench")
    assert "Traceback" not in called.errors
