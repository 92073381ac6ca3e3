"""Baselines stand in tables, and what is said of training does not change with them."""

from __future__ import annotations

import subprocess
import sys
from math import nan
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from disbench.evidence import gather
from disbench.models.baselines import BASELINES
from disbench.report.baselines import about_baselines
from disbench.report.cautions import cautions
from disbench.report.citations import citations
from disbench.report.comparability import aspects
from disbench.report.findings import findings
from disbench.report.headline import headline_of
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.evidence import Evidence
    from disbench.runs import Run

    Rows = list[dict[str, object]]

BETAS = (1.0, 4.0)
NOT_TRAINED: dict[str, object] = {
    "beta": nan,
    "hyperparameters": None,
    "kl": nan,
    "elbo": nan,
    "reconstruction": nan,
    "network": None,
    "steps": 0,
    "steps_done": 0,
}


def _grid(*baselines: str) -> dict[str, Rows]:
    """Five seeds of two betas, and of baselines that score far above them."""
    runs: Rows = []
    scores: Rows = []
    for seed in range(5):
        for beta in BETAS:
            row: dict[str, object] = {"beta": beta, "seed": seed}
            runs.append({**row, "reconstruction": 100 + 10 * beta + seed})
            scores.append({**row, "value": 0.1 * beta + 0.01 * seed})
        for name in baselines:
            row = {"model": name, "seed": seed, **NOT_TRAINED}
            runs.append(row)
            scores.append({**row, "value": 0.99, "ceiling": 0.99})
    return {"runs": runs, "scores": scores}


@pytest.fixture
def with_baselines(make_evidence: Callable[..., Evidence]) -> Evidence:
    return make_evidence(**_grid("untrained", "pca", "factors"))


@pytest.fixture
def without(make_evidence: Callable[..., Evidence]) -> Evidence:
    return make_evidence(**_grid())


def test_baselines_are_listed_before_what_was_trained(with_baselines: Evidence) -> None:
    """In the order of their table."""
    assert with_baselines.settings == ("factors", "pca", "untrained", "1 (VAE)", "4")
    assert [row.setting for row in headline_of(with_baselines).rows] == [*with_baselines.settings]
    assert with_baselines.tables.runs["model"].unique().tolist() == [
        "factors",
        "pca",
        "untrained",
        "beta_vae",
    ]


def test_every_setting_is_summarised_and_compared(with_baselines: Evidence) -> None:
    tables = with_baselines.tables
    assert len(tables.summary) == 5
    assert len(tables.comparisons) == 10


@pytest.mark.parametrize("name", ["variance", "agreement", "objectives"])
def test_what_is_said_of_training_is_said_without_them(
    name: str, with_baselines: Evidence, without: Evidence
) -> None:
    found, expected = (getattr(one.tables, name) for one in (with_baselines, without))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert len(found)


def test_best_setting_is_one_that_was_trained(with_baselines: Evidence) -> None:
    best, *_ = findings(with_baselines.trained)
    assert best.startswith("beta 4 has the highest mean mig/exact: 0.420")
    assert "0.99" not in " ".join(findings(with_baselines.trained))


def test_trained_part_is_the_evidence_without_baselines(
    with_baselines: Evidence, without: Evidence
) -> None:
    trained = with_baselines.trained
    assert trained.settings == without.settings
    for name in ("runs", "scores", "summary"):
        found, expected = (
            getattr(one.tables, name).reset_index(drop=True) for one in (trained, without)
        )
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    pairs = trained.tables.comparisons
    assert pairs[["first", "second"]].to_numpy().tolist() == [["1 (VAE)", "4"]]


def test_baseline_that_is_full_empty_or_takes_no_steps_is_no_doubt(
    with_baselines: Evidence, without: Evidence
) -> None:
    assert cautions(with_baselines, {}) == cautions(without, {})


def test_steps_of_baselines_set_no_directories_apart(
    make_evidence: Callable[..., Evidence],
) -> None:
    """One directory with a baseline, and one without."""
    rows = _grid("pca")["runs"]
    others = [{**row, "source": "other"} for row in _grid()["runs"]]
    table = aspects(make_evidence(runs=[*rows, *others])).set_index("aspect")
    assert table.loc["steps"].tolist() == ["4", "4", "same"]


def test_nothing_is_said_where_there_are_none(without: Evidence) -> None:
    assert about_baselines(without) == []


def test_what_baselines_are_is_said_in_a_sentence(with_baselines: Evidence) -> None:
    [said] = about_baselines(with_baselines)
    assert said.startswith(
        "Baselines, for which nothing was trained: factors, the factors themselves, one to a "
        "dimension; pca, principal components, not whitened; untrained, the network of a VAE with "
    )
    assert "pca was fitted to 10,000 images" in said
    assert "protocols" not in said


def test_what_is_not_asked_of_pixels_is_said(make_evidence: Callable[..., Evidence]) -> None:
    [said] = about_baselines(make_evidence(**_grid("pixels")))
    assert "Of pixels, whose codes of a whole grid do not fit into memory, only" in said
    assert "fitted" not in said


def test_whom_to_cite_for_baselines(with_baselines: Evidence) -> None:
    cited = {citation.of: citation.text for citation in citations(with_baselines.tables)}
    for name in ("factors", "pca", "untrained"):
        assert cited[name] == BASELINES[name].citation
    assert "ica" not in cited


@pytest.mark.parametrize(
    ("converged", "said"),
    [
        ((True, False, False), "FastICA had not converged in 2 of 3 runs."),
        ((False,), "FastICA had not converged in 1 of 1 run."),
        ((True, True), ""),
    ],
)
def test_fits_that_have_not_converged_are_counted(
    converged: tuple[bool, ...],
    said: str,
    tmp_path: Path,
    make_run: Callable[..., Run],
    write_run: Callable[..., object],
) -> None:
    store = Store(tmp_path)
    for seed, one in enumerate(converged):
        run = make_run(objective="ica", hyperparameters={}, steps=0, seed=seed)
        write_run(store, run, {"mig/exact": 0.5}, converged=one)
    [found] = about_baselines(gather({"results": store}))
    assert found.endswith(said or "drawn from those of the training.")


def test_what_is_said_of_a_fit_needs_no_encoder() -> None:
    code = "import sys, disbench.report.baselines; print('disbench.encoders' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert found.stdout == "False\n"
