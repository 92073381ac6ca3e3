"""The tables of the page show the columns of the frames, under words."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from disbench.report import grids
from disbench.report.comparability import aspects, comparable_rows
from disbench.report.headline import headline_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from disbench.evidence import Evidence
    from disbench.report.grid import Grid

    MakeEvidence = Callable[..., Evidence]
    Row = Mapping[str, object]

DASH = "\u2013"


def _labels(grid: Grid) -> list[str]:
    return [column.label for column in grid.columns]


def _texts(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in row] for row in grid.rows]


def _row(grid: Grid) -> dict[str, str]:
    [texts] = _texts(grid)
    return dict(zip(_labels(grid), texts, strict=True))


@pytest.fixture
def evidence(make_evidence: MakeEvidence, ae: Row) -> Evidence:
    """An autoencoder and a beta-VAE of two seeds, with every table."""
    runs = [
        {**model, "seed": seed, "reconstruction": 100.0 + 10 * k + seed}
        for k, model in enumerate(({**ae, "kl": nan, "elbo": nan}, {}))
        for seed in (0, 1)
    ]
    scores = [{**row, "value": 0.25 * (k + 1)} for k, row in enumerate(runs)]
    return make_evidence(runs=runs, scores=scores)


def test_headline(evidence: Evidence) -> None:
    grid = grids.headline_grid(headline_of(evidence))
    assert _labels(grid) == ["setting", "seeds", "reconstruction", "KL", "active", "mig/exact"]
    first, second = _texts(grid)
    assert first[:5] == ["ae", "2", "100.5", DASH, "5.0"]
    assert second[:5] == ["beta 4", "2", "110.5", "5.0", "5.0"]
    assert first[5].startswith("0.375 [")
    assert [row[5].value for row in grid.rows] == ["0.375", "0.875"]


def test_a_score_that_is_missing_from_the_headline_is_sorted_last(
    make_evidence: MakeEvidence,
) -> None:
    evidence = make_evidence(runs=[{}, {"beta": 16.0}], scores=[{}])
    last = grids.headline_grid(headline_of(evidence)).rows[1][-1]
    assert last == (DASH, "")


def test_summary(make_evidence: MakeEvidence) -> None:
    row = {"mean": 0.5, "mean_low": 0.25, "mean_high": 0.75, "median": 0.5, "iqm": 0.5}
    grid = grids.summary_grid(make_evidence(scores=[{}], summary=[row]).tables.summary)
    assert _row(grid) == {
        "protocol": "mig/exact",
        "setting": "beta 4",
        "codes": "mean",
        "seeds": "5",
        "mean": "0.500",
        "low": "0.250",
        "high": "0.750",
        "median": "0.500",
        "IQM": "0.500",
        "deviation": DASH,
        "of evaluation": DASH,
        "calibrated mean": DASH,
        "calibrated low": DASH,
        "calibrated high": DASH,
    }


def test_objectives(evidence: Evidence) -> None:
    first, second = _texts(grids.pooled_grid(evidence.tables.objectives))
    assert first[:6] == ["mig/exact", "ae", "mean", "1", "2", "0.375"]
    assert second[:6] == ["mig/exact", "beta_vae", "mean", "1", "2", "0.875"]


@pytest.mark.parametrize(
    ("source", "labels", "cells"),
    [
        (0.0, [], []),
        (0.25, ["source (%)"], ["25.0"]),
    ],
)
def test_variance_in_per_cent(
    make_evidence: MakeEvidence, source: float, labels: list[str], cells: list[str]
) -> None:
    """Without a column for directories where these are one, or count for nothing."""
    row = {"source": source, "hyperparameters": 0.125, "seed": 0.6255, "evaluation": nan}
    grid = grids.variance_grid(make_evidence(variance=[row]).tables.variance, chosen="beta")
    assert _labels(grid)[3:] == [*labels, "objective (%)", "beta (%)", "seed (%)", "evaluation (%)"]
    assert _texts(grid) == [["mig/exact", "mean", "10", *cells, "0.0", "12.5", "62.5", DASH]]
    assert [cell.value for cell in grid.rows[0][-4:]] == ["0.0", "0.125", "0.6255", ""]


def test_comparisons(make_evidence: MakeEvidence) -> None:
    pair = {"first": "ae", "second": "4", "difference": 0.25, "probability": 0.75}
    pair |= {"low": 0.5, "high": 1.0, "p": 0.000123456, "p_adjusted": 1.0}
    assert _row(grids.comparisons_grid(make_evidence(comparisons=[pair]).tables.comparisons)) == {
        "protocol": "mig/exact",
        "codes": "mean",
        "first": "ae",
        "second": "beta 4",
        "difference of means": "+0.250",
        "P(first beats second)": "0.75",
        "low": "0.50",
        "high": "1.00",
        "p": "0.000123",
        "p corrected": "1",
    }


def test_agreement(make_evidence: MakeEvidence) -> None:
    row = {"first": "mig/exact", "second": "kl", "rho": -0.505, "p": nan}
    grid = grids.agreement_grid(make_evidence(agreement=[row]).tables.agreement)
    assert _texts(grid) == [["mig/exact", "kl", "mean", "12", "-0.51", DASH]]


def test_runs(make_evidence: MakeEvidence) -> None:
    gaps = dict.fromkeys(("reconstruction", "kl", "elbo", "evaluation_seconds"), nan)
    failed = {"seed": 1, "status": "failed", "steps_done": None, "active_dimensions": None, **gaps}
    runs = [{"steps_done": 1500, "run": "a"}, {**failed, "training_seconds": nan, "run": "b"}]
    assert _texts(grids.runs_grid(make_evidence(runs=runs).tables.runs)) == [
        ["beta 4", "0", "done", "1,500", "100.00", "5.00", "-105.00", "5", "60", "30", "a"],
        ["beta 4", "1", "failed", *[DASH] * 7, "b"],
    ]


def test_provenance_counts_what_is_mixed(make_evidence: MakeEvidence) -> None:
    runs = [{"seed": 0}, {"seed": 1}, {"seed": 2, "torch": "2.13.0"}]
    scores = [{"seed": 0}, {"seed": 0, "protocol": "dci/gbt"}, {"seed": 1, "torch": "2.13.0"}]
    grid = grids.provenance_grid(make_evidence(runs=runs, scores=scores).tables)
    rows = {what: values for what, *values in _texts(grid)}
    assert rows["torch"] == ["2.4.0 (2), 2.13.0 (1)", "2.4.0 (1), 2.13.0 (1)"]
    assert rows["threads"] == ["1", "1"]
    assert rows["git commit"] == ["", ""]
    assert list(rows)[:2] == ["precision", "disbench"]


def test_aspects_and_comparable_scores_of_two_directories(make_evidence: MakeEvidence) -> None:
    rows = [{"source": "one"}, {"source": "two", "protocol_version": 2}]
    evidence = make_evidence(runs=rows, scores=rows)
    grid = grids.aspects_grid(aspects(evidence))
    assert _labels(grid) == ["aspect", "one", "two", "same"]
    assert ["network", "conv", "conv", "same"] in _texts(grid)
    assert _row(grids.comparable_grid(comparable_rows(evidence))) == {
        "protocol": "mig/exact",
        "setting": "beta 4",
        "codes": "mean",
        "comparable": "no",
        "what differs": "protocol version (1 in one, 2 in two)",
    }


def test_nothing_has_no_rows(make_evidence: MakeEvidence) -> None:
    evidence = make_evidence(runs=[])
    tables = evidence.tables
    empty = [
        grids.headline_grid(headline_of(evidence)),
        grids.summary_grid(tables.summary),
        grids.pooled_grid(tables.objectives),
        grids.variance_grid(tables.variance, chosen="beta"),
        grids.comparisons_grid(tables.comparisons),
        grids.agreement_grid(tables.agreement),
        grids.runs_grid(tables.runs),
        grids.comparable_grid(pd.DataFrame(comparable_rows(evidence))),
    ]
    assert [grid.rows for grid in empty] == [()] * len(empty)
    assert all(grid.caption and grid.columns for grid in empty)
