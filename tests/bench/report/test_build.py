"""A directory in, its report out: everything anew, and the same bytes each time."""

from __future__ import annotations

import re
from html import unescape
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from disbench.columns import COLUMNS
from disbench.evidence import gather
from disbench.record_files import write_record
from disbench.records import Failure, LossRecord
from disbench.report import missing_runs, write_report, write_reports
from disbench.store import Store
from disbench.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.study import Study

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]
    MakeStudy = Callable[..., Study]
    Details = Callable[..., dict[str, Any]]

MIG = "mig/exact"
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}
PAPER = ("headline.md", "headline.tex")


@pytest.fixture
def store(tmp_path: Path, make_study: MakeStudy, write_done: Callable[..., None]) -> Store:
    """An autoencoder and a beta-VAE of two seeds, all done, for the study that asks for them."""
    store = Store(tmp_path / "results")
    store.open_for(make_study(seeds=2, evaluation={"representations": ["mean"]}))
    for setting, score in ((AE, 0.25), ({}, 0.5)):
        for seed in (0, 1):
            write_done(store, setting | {"seed": seed}, score + 0.125 * seed)
    return store


@pytest.fixture
def write_done(
    make_run: MakeRun, write_run: WriteRun, details_of: Details
) -> Callable[[Store, dict[str, object], float], None]:
    """Write a run whose dimensions each tell the score of a factor."""

    def write(store: Store, setting: dict[str, object], score: float) -> None:
        details = details_of(score * np.eye(3, 5))
        write_run(store, make_run(**setting), {MIG: score}, details=details)

    return write


def _page(directory: Path) -> str:
    """The text of the page, without its tags, scripts and styles."""
    html = (directory / "report.html").read_text("utf-8")
    html = re.sub(r"<(script|style|svg).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_directory_holds_all_that_is_promised(store: Store) -> None:
    write_report(store.directory)
    assert {path.name for path in store.directory.iterdir()} == {
        *(f"{name}.csv" for name in COLUMNS),
        *PAPER,
        *("failures", "figures", "report.html", "runs", "study.toml", "unfinished"),
    }
    assert (store.directory / "figures" / "headline.svg").is_file()


def test_tables_are_read_back_as_they_were(store: Store) -> None:
    evidence = write_report(store.directory)
    frames = evidence.tables._asdict()
    frames |= {"dimensions": evidence.dimensions, "factors": evidence.factors}
    assert frames.keys() == COLUMNS.keys()
    for name, frame in frames.items():
        assert len(frame) > 0, name
        found = read_csv(name, store.directory)
        assert list(found.columns) == list(COLUMNS[name])
        expected = frame[list(COLUMNS[name])]
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert read_csv("factors", store.directory)["share"].tolist()[:2] == [0.25, 0.25]
    assert set(read_csv("runs", store.directory)["source"]) == {"results"}


def test_headline_is_written_for_a_paper(store: Store) -> None:
    write_report(store.directory)
    markdown, latex = ((store.directory / name).read_text("utf-8") for name in PAPER)
    [row] = [line for line in markdown.splitlines() if line.startswith("| beta 4 |")]
    assert row.startswith("| beta 4 | 2 | 100.5 | 1.8 | 2.0 | 0.562 [")
    assert re.search(r"^beta 4 & 2 & 100\.5 & 1\.8 & 2\.0 & 0\.562 \[", latex, re.MULTILINE)


def test_same_directory_is_the_same_bytes(store: Store) -> None:
    written = []
    for _ in range(2):
        write_report(store.directory)
        files = [path for path in store.directory.iterdir() if path.is_file()]
        written.append({path.name: path.read_bytes() for path in files})
    assert written[0].keys() == written[1].keys()
    assert {"report.html", "runs.csv", *PAPER} < written[0].keys()
    for name, content in written[0].items():
        assert written[1][name] == content, name


def test_runs_are_left_as_they_are(store: Store) -> None:
    files = [path for path in store.runs.rglob("*") if path.is_file()]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    write_report(store.directory)
    assert [path for path in store.runs.rglob("*") if path.is_file()] == files
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before


def test_weights_that_cannot_be_read_are_refused_in_the_page(store: Store) -> None:
    """The runs of this directory have weights that are none."""
    write_report(store.directory)
    page = _page(store.directory)
    for label in ("ae, seed 1", "beta 4, seed 1"):
        assert f"{label} cannot be explored: cannot read the weights of" in page
    assert page.count("cannot be explored: cannot read") == 2


def test_study_without_runs_is_reported(tmp_path: Path, make_study: MakeStudy) -> None:
    Store(tmp_path).open_for(make_study())
    evidence = write_report(tmp_path)
    assert evidence.runs == ()
    for name in COLUMNS:
        assert read_csv(name, tmp_path).empty
    assert "2 runs of the study not finished: ae, seed 0 and beta_vae, beta 4, seed 0." in _page(
        tmp_path
    )


def test_directory_without_a_study_is_reported(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run(), {MIG: 0.5})
    write_report(tmp_path)
    assert read_csv("scores", tmp_path)["value"].tolist() == [0.5]
    assert "not finished" not in _page(tmp_path)


def test_unfinished_directory_is_reported(
    tmp_path: Path, make_study: MakeStudy, make_run: MakeRun, write_run: WriteRun
) -> None:
    """One run has diverged, one has failed, one was not begun; none has a score."""
    store = Store(tmp_path)
    store.open_for(make_study(objectives=[{"name": "ae"}, {"name": "beta_vae", "beta": [4, 16]}]))
    write_run(store, make_run(), status="diverged", losses=[LossRecord(2, nan, nan, nan)])
    failed = make_run(hyperparameters={"beta": 16.0})
    store.note_failure(Failure(run=failed, error="ValueError: no", traceback=""))
    evidence = write_report(tmp_path)
    assert evidence.tables.runs["status"].tolist() == ["diverged", "failed"]
    assert read_csv("scores", tmp_path).empty
    page = _page(tmp_path)
    assert "2 runs of the study not finished: ae, seed 0 and beta_vae, beta 16, seed 0." in page
    assert "1 run failed: beta 16, seed 0." in page
    assert "1 run diverged: the loss was no number: beta 4, seed 0." in page


def test_scores_of_samples_alone_are_reported(store: Store) -> None:
    for folder in store.finished():
        record = folder.evaluation()
        assert record is not None
        [score] = record.scores
        sampled = score.model_copy(update={"representation": "sampled"})
        changed = record.model_copy(update={"scores": (sampled,)})
        write_record(changed, folder.path / "evaluation.json")
    write_report(store.directory)
    assert set(read_csv("summary", store.directory)["representation"]) == {"sampled"}


def test_runs_that_a_study_lacks_are_missing(
    store: Store, make_study: MakeStudy, make_run: MakeRun
) -> None:
    """A run that failed is missing, and one of another study is not asked for."""
    objectives = [{"name": "ae"}, {"name": "vae"}, {"name": "beta_vae", "beta": [4, 16]}]
    store.note_failure(
        Failure(run=make_run(hyperparameters={"beta": 16.0}), error="no", traceback="")
    )
    evidence = gather({"here": store})
    asked = make_study(seeds=2, objectives=objectives)
    assert missing_runs(evidence, "here", asked) == [
        "vae, seed 0",
        "vae, seed 1",
        "beta_vae, beta 16, seed 0",
        "beta_vae, beta 16, seed 1",
    ]
    assert missing_runs(evidence, "here", make_study(seeds=1)) == []


def test_runs_of_another_directory_are_missing_here(
    store: Store, tmp_path: Path, make_study: MakeStudy
) -> None:
    evidence = gather({"here": Store(tmp_path / "empty"), "there": store})
    study = make_study(seeds=2)
    assert len(missing_runs(evidence, "here", study)) == 4
    assert missing_runs(evidence, "there", study) == []


def test_directories_together_say_what_can_be_compared(
    store: Store, tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    other = Store(tmp_path / "other")
    write_run(other, make_run(), {MIG: 0.75})
    (tmp_path / "out").mkdir()
    evidence = write_reports({"results": store, "other": other}, tmp_path / "out")
    assert evidence.sources == ("other", "results")
    rows = pd.read_csv(tmp_path / "out" / "comparable.csv")
    assert rows[["model", "protocol", "comparable"]].to_numpy().tolist() == [
        ["beta_vae", MIG, True]
    ]
    assert not (other.directory / "runs.csv").exists()


def test_directories_of_other_latents_are_reported_together(
    store: Store, tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    other = Store(tmp_path / "other")
    write_run(other, make_run(latents=4), {MIG: 0.75}, kl=(1.0, 0.5, 0.25, 0.0))
    (tmp_path / "out").mkdir()
    write_reports({"results": store, "other": other}, tmp_path / "out")
    [row] = pd.read_csv(tmp_path / "out" / "comparable.csv").to_dict("records")
    assert row["comparable"] is False
    assert row["differs"] == "latents (4 in other, 3 in results)"
    assert (tmp_path / "out" / "figures" / "traversals.gif").is_file()
