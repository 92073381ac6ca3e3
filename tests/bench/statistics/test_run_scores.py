"""A run has one score, whatever the number of its evaluations."""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING

import pytest

from disbench.statistics.run_scores import run_scores

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    MakeScores = Callable[..., pd.DataFrame]


def test_score_of_a_run_is_the_mean_of_its_evaluations(make_scores: MakeScores) -> None:
    """Evaluations of 0.1 and 0.3 vary by 2 * 0.1^2 around 0.2."""
    scores = make_scores([0.1, 0.5, 0.3], run=["a", "b", "a"], calibrated=[0, 1, 0.5])
    a, b = run_scores(scores).to_dict("records")
    assert (a["run"], a["value"], a["calibrated"]) == ("a", pytest.approx(0.2), 0.25)
    assert a["variance"] == pytest.approx(0.02)
    assert (b["run"], b["value"], b["calibrated"]) == ("b", 0.5, 1)
    assert isnan(b["variance"])


def test_missing_evaluation_is_not_hidden(make_scores: MakeScores) -> None:
    [row] = run_scores(make_scores([0.1, nan], run="a")).to_dict("records")
    assert isnan(row["value"])
    assert isnan(row["variance"])


def test_runs_of_one_name_in_two_sources_are_two(make_scores: MakeScores) -> None:
    runs = run_scores(make_scores([0.1, 0.2], run="a", source=["one", "two"]))
    assert runs["value"].tolist() == [0.1, 0.2]


def test_run_without_a_beta_is_kept(make_scores: MakeScores) -> None:
    scores = make_scores([0.1], model="ae", beta=nan, hyperparameters=nan)
    assert run_scores(scores)["value"].tolist() == [0.1]
