"""The page shows published numbers beside ours, for a study that repeats them and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from disbench.report.build import write_report
from disbench.report.published import (
    difference_in_words,
    our_number,
    published_number,
    published_of,
)
from disbench.store import Store
from disbench.study_files import load_study

if TYPE_CHECKING:
    from pathlib import Path

    from disbench.report.published import Published

ROW: dict[Any, Any] = {
    "quantity": "mig/exact",
    "published": 0.5,
    "from_memory": False,
    "ours": 0.4876,
    "difference": -0.0124,
    "difference_low": -0.03,
    "difference_high": 0.005,
    "verdict": "agrees",
}


def _published(make_evidence: Any, *, scores: Any = ()) -> Published:
    runs = [{"model": "pca", "beta": float("nan"), "seed": seed} for seed in range(2)]
    studies = {"results": load_study("higgins2017")}
    found = published_of(make_evidence(runs=runs, scores=scores), studies)
    assert found is not None
    return found


def test_numbers_have_their_sign_their_interval_and_their_doubt() -> None:
    assert published_number(ROW) == "0.500"
    assert published_number(ROW | {"from_memory": True}) == "0.500 [mem]"
    assert our_number(ROW) == "0.488"
    assert our_number(ROW | {"ours": float("nan")}) == "\u2013"
    assert difference_in_words(ROW) == "-0.012 [-0.030, +0.005]"
    assert difference_in_words(ROW | {"quantity": "kl"}) == "-0.01 [-0.03, +0.01]"


@pytest.mark.parametrize(
    "change", [{"difference_low": float("nan")}, {"verdict": "not comparable"}]
)
def test_difference_without_a_meaning_has_no_interval(change: dict[str, object]) -> None:
    assert difference_in_words(ROW | change) == "-0.012"


def test_table_of_the_page_has_a_row_a_published_number(make_evidence: Any) -> None:
    pca = {"model": "pca", "beta": float("nan"), "protocol": "beta_vae/higgins2017"}
    scores = [{**pca, "seed": seed, "value": 0.84} for seed in range(2)]
    grid = _published(make_evidence, scores=scores).grid()
    rows = {row[0].text: [cell.text for cell in row] for row in grid.rows}
    assert len(rows) == 9
    assert rows["PCA"][1:5] == ["beta_vae/higgins2017", "0.849", "0.840", "2"]
    assert rows["VAE untrained"][2] == "0.441 [mem]"
    assert rows["InfoGAN"][-2] == "not in disbench"
    assert rows["VAE"][-2] == "not run"


def test_other_studies_and_comparisons_have_none(make_evidence: Any) -> None:
    evidence = make_evidence()
    assert published_of(evidence, {"results": load_study("quick")}) is None
    assert published_of(evidence, {}) is None
    higgins = load_study("higgins2017")
    assert published_of(evidence, {"one": higgins, "two": higgins}) is None


def test_page_shows_them_with_what_differs(tmp_path: Path) -> None:
    Store(tmp_path).open_for(load_study("higgins2017"))
    write_report(tmp_path)
    html = (tmp_path / "report.html").read_text("utf-8")
    assert 'id="published"' in html
    assert "PCA and ICA are fitted on 10,000 images" in html
    assert "0.441 [mem]" in html
    frame = pd.read_csv(tmp_path / "published.csv")
    assert frame["label"].tolist()[:3] == ["ground truth", "raw pixels", "PCA"]
    assert set(frame["verdict"]) == {"not run", "not in disbench"}


def test_page_of_another_study_has_no_such_section(real_results: Path) -> None:
    assert 'id="published"' not in (real_results / "report.html").read_text("utf-8")
    assert not (real_results / "published.csv").exists()
