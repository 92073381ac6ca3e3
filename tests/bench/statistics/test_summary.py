"""Scores are summed up over seeds: of a setting, and of a model over its settings."""

from __future__ import annotations

from math import inf, isnan, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from disbench.statistics.intervals import mean_interval, pooled_interval
from disbench.statistics.summary import pool, summarise

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeScores = Callable[..., pd.DataFrame]


def _summary(scores: pd.DataFrame) -> dict[str, float]:
    [row] = summarise(scores).to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_summary_by_hand(make_scores: MakeScores) -> None:
    row = _summary(make_scores([0.6, 0.0, 1.1, 0.1, 0.2]))
    assert row["n"] == 5
    assert row["mean"] == pytest.approx(0.4)
    assert row["median"] == pytest.approx(0.2)
    assert row["iqm"] == pytest.approx((0.1 + 0.2 + 0.6) / 3)
    assert row["std"] == pytest.approx(sqrt(0.82 / 4))


def test_interval_is_that_of_the_mean(make_scores: MakeScores) -> None:
    values = [0.6, 0.0, 1.1, 0.1, 0.2]
    row = _summary(make_scores(values))
    assert (row["mean_low"], row["mean_high"]) == mean_interval(np.array(values))
    assert row["mean_low"] < row["mean"] < row["mean_high"]


def test_single_seed_has_no_spread(make_scores: MakeScores) -> None:
    row = _summary(make_scores([0.25]))
    assert (row["n"], row["mean"], row["median"], row["iqm"]) == (1, 0.25, 0.25, 0.25)
    assert all(isnan(row[name]) for name in ("std", "mean_low", "mean_high", "evaluation_std"))


def test_infinite_score_is_not_hidden(make_scores: MakeScores) -> None:
    """The total correlation of duplicated dimensions is one."""
    row = _summary(make_scores([0.5, 0.75, inf]))
    assert (row["n"], row["mean"], row["median"]) == (3, inf, 0.75)
    assert all(isnan(row[name]) for name in ("std", "mean_low", "mean_high"))


def test_equal_scores_have_an_interval_of_no_length(make_scores: MakeScores) -> None:
    row = _summary(make_scores([0.25, 0.25, 0.25]))
    assert (row["std"], row["mean_low"], row["mean_high"]) == (0, 0.25, 0.25)


def test_missing_score_is_not_hidden(make_scores: MakeScores) -> None:
    row = _summary(make_scores([0.25, nan]))
    assert row["n"] == 2
    assert all(isnan(row[name]) for name in ("mean", "mean_low", "mean_high"))


def test_repeats_of_a_run_count_once(make_scores: MakeScores) -> None:
    """Runs of 0.1 and 0.5, the first scored three times with a variance of 0.01."""
    scores = make_scores([0.0, 0.1, 0.2, 0.4, 0.5, 0.6]).assign(run=["a"] * 3 + ["b"] * 3)
    row = _summary(scores)
    assert (row["n"], row["mean"]) == (2, pytest.approx(0.3))
    assert row["std"] == pytest.approx(sqrt(2 * 0.2**2))
    assert row["evaluation_std"] == pytest.approx(0.1)


def test_calibrated_scores_are_summed_up_alike(make_scores: MakeScores) -> None:
    """Calibrated from 0.1 (floor) to 0.6 (ceiling)."""
    values = np.array([0.6, 0.0, 1.1, 0.1, 0.2])
    row = _summary(make_scores(values, calibrated=(values - 0.1) / 0.5))
    assert row["calibrated_mean"] == pytest.approx((0.4 - 0.1) / 0.5)
    assert row["calibrated_median"] == pytest.approx((0.2 - 0.1) / 0.5)
    assert row["calibrated_iqm"] == pytest.approx((0.3 - 0.1) / 0.5)
    assert row["calibrated_std"] == pytest.approx(row["std"] / 0.5)
    assert row["calibrated_low"] == pytest.approx((row["mean_low"] - 0.1) / 0.5)
    assert row["calibrated_high"] == pytest.approx((row["mean_high"] - 0.1) / 0.5)


def test_protocol_without_a_floor_has_no_calibrated_mean(make_scores: MakeScores) -> None:
    row = _summary(make_scores([0.1, 0.2]))
    assert isnan(row["calibrated_mean"])
    assert isnan(row["calibrated_low"])
    assert not isnan(row["mean_low"])


def test_missing_repeat_is_not_hidden(make_scores: MakeScores) -> None:
    row = _summary(make_scores([0.1, nan, 0.3], run=["a", "a", "b"]))
    assert row["n"] == 2
    assert isnan(row["mean"])


def test_settings_are_summarised_apart(make_scores: MakeScores) -> None:
    parts = [
        make_scores([0.1, 0.3], beta=nan, hyperparameters=nan, model="ae"),
        make_scores([0.2, 0.4]),
        make_scores([0.5], protocol="other"),
        make_scores([0.6], representation="sampled"),
        make_scores([0.7], hyperparameters="beta=4 gamma=2"),
        make_scores([0.8], source="another"),
    ]
    summary = summarise(pd.concat(parts, ignore_index=True))
    assert summary["n"].tolist() == [1, 2, 2, 1, 1, 1]
    assert summary["mean"].tolist() == pytest.approx([0.8, 0.2, 0.3, 0.5, 0.6, 0.7])
    assert summary["model"].tolist() == ["beta_vae", "ae"] + ["beta_vae"] * 4
    assert summary["source"].tolist() == ["another"] + ["results"] * 5


def test_model_is_pooled_over_its_settings(make_scores: MakeScores) -> None:
    """Betas of 2 and 3 runs: a mean of (0.1 + 0.3 + 0.4 + 0.6 + 0.8) / 5."""
    one, four = np.array([0.1, 0.3]), np.array([0.4, 0.6, 0.8])
    parts = [make_scores(one, beta=1.0), make_scores(four, beta=4.0, calibrated=2 * four)]
    parts += [make_scores([0.9, 0.7], model="ae", beta=nan, hyperparameters=nan)]
    ae, beta_vae = pool(pd.concat(parts, ignore_index=True)).to_dict("records")
    assert (ae["model"], ae["n_settings"], ae["n"]) == ("ae", 1, 2)
    assert (beta_vae["model"], beta_vae["n_settings"], beta_vae["n"]) == ("beta_vae", 2, 5)
    assert (ae["mean"], beta_vae["mean"]) == pytest.approx((0.8, 0.44))
    assert (beta_vae["mean_low"], beta_vae["mean_high"]) == pooled_interval([one, four])
    assert isnan(beta_vae["calibrated_mean"])
    assert isnan(beta_vae["calibrated_low"])


def test_calibrated_scores_are_pooled_alike(make_scores: MakeScores) -> None:
    values = np.array([0.1, 0.3, 0.4, 0.6])
    [row] = pool(make_scores(values, calibrated=2 * values)).to_dict("records")
    for name in ("mean", "low", "high"):
        raw = row["mean" if name == "mean" else f"mean_{name}"]
        assert row[f"calibrated_{name}"] == pytest.approx(2 * raw)


def test_setting_of_one_run_leaves_a_pooled_mean_without_interval(make_scores: MakeScores) -> None:
    scores = make_scores([0.1, 0.3, 0.5], beta=[1.0, 1.0, 4.0])
    [row] = pool(scores).to_dict("records")
    assert row["mean"] == pytest.approx(0.3)
    assert isnan(row["mean_low"])
    assert isnan(row["mean_high"])


def test_representations_protocols_and_sources_are_pooled_apart(make_scores: MakeScores) -> None:
    parts = [
        make_scores([0.1]),
        make_scores([0.2], protocol="other"),
        make_scores([0.3], representation="sampled"),
        make_scores([0.4], source="another"),
    ]
    table = pool(pd.concat(parts, ignore_index=True))
    assert table["mean"].tolist() == [0.4, 0.1, 0.2, 0.3]


def test_nothing_has_empty_tables(make_scores: MakeScores) -> None:
    assert summarise(make_scores([])).empty
    assert pool(make_scores([])).empty
