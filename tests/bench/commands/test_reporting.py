"""`disbench report` rebuilds what is derived, and says what is missing."""

from __future__ import annotations

import json
import os
from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from disbench.store import Store
from disbench.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run
    from disbench.study import Study

    Command = Callable[..., Any]


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


def test_damaged_record_is_set_aside_and_its_run_is_missing(
    disbench: Command, store: Store
) -> None:
    [folder, other] = store.finished()
    (folder.path / "training.json").write_text("{}")
    called = disbench("report", store.directory)
    assert called.code == 0
    place = store.damaged / f"{folder.path.name}.1"
    [told] = called.errors.splitlines()
    assert told.startswith(f"{folder.path / 'training.json'}: ")
    assert told.endswith(f"; set aside in {place}")
    assert (place / "training.json").read_text() == "{}"
    assert (place / "model.safetensors").exists()
    assert [found.path.name for found in store.finished()] == [other.path.name]
    assert "  beta_vae, beta 4, seed 0\n" in called.output


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        (b":smile: [red]", ":smile: [red]"),
        (b"a\nb\x1b[31m\xe9" + b"x" * 200, "a\\nb\\x1b[31m\\udce9" + "x" * 200),
    ],
)
def test_name_of_a_directory_is_printed_as_it_is_or_escaped(
    folder: bytes, said: str, disbench: Command, store: Store
) -> None:
    directory = store.directory.rename(store.directory.parent / os.fsdecode(folder))
    called = disbench("report", directory)
    assert (called.code, called.errors) == (0, "")
    lines = called.output.splitlines()
    assert f"tables and figures: {directory.parent}/{said}/" in lines
    assert f"report: {directory.parent}/{said}/report.html" in lines
    assert (directory / "report.html").is_file()


def test_infinite_score_is_told_and_kept(
    disbench: Command, tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., Any]
) -> None:
    store = Store(tmp_path)
    for seed, value in ((0, inf), (1, 0.5), (2, 0.25)):
        write_run(store, make_run(seed=seed), {"mig/exact": value})
    called = disbench("report", tmp_path)
    assert (called.code, called.errors) == (0, "")
    [row] = [line.split() for line in called.output.splitlines() if line.startswith("beta 4")]
    assert row[-1] == "\u221e"
    assert read_csv("scores", tmp_path)["value"].tolist() == [inf, 0.5, 0.25]
    assert "| \u221e |" in (tmp_path / "headline.md").read_text()
    assert r"$\infty$" in (tmp_path / "headline.tex").read_text()
    assert '<td class="number" data-value="inf">\u221e</td>' in (
        tmp_path / "report.html"
    ).read_text("utf-8")


def test_study_that_is_none_is_refused_with_what_to_do(disbench: Command, store: Store) -> None:
    path = store.directory / "study.toml"
    path.write_text("seeds = 0")
    called = disbench("report", store.directory)
    assert called.code == 2
    assert called.errors.splitlines()[-1] == f"mend {path}, or move it away"


def test_place_that_cannot_be_written_is_named_and_not_a_file_on_the_way(
    disbench: Command, store: Store
) -> None:
    (store.directory / "runs.csv").mkdir()
    called = disbench("report", store.directory)
    assert called.code == 2
    assert called.errors == (
        f"error: cannot write to {store.directory} (Is a directory at "
        f"{store.directory}/runs.csv); choose another place\n"
    )
