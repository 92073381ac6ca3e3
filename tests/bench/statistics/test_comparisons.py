"""Every two settings are compared, and luck among many comparisons is allowed for."""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from disbench.metrics.protocols import PROTOCOLS
from disbench.statistics.comparisons import compare_settings
from disbench.statistics.superiority import probability_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeScores = Callable[..., pd.DataFrame]

UNKNOWN = ["low", "high", "p", "p_adjusted"]
HIGH, LOW = [0.3, 0.5, 0.7], [0.1, 0.2, 0.4]


def _two(make_scores: MakeScores, **columns: object) -> pd.DataFrame:
    """Three runs of beta 1 above three of beta 4, but for one pair."""
    return make_scores([*HIGH, *LOW], beta=[1.0] * 3 + [4.0] * 3, **columns)


def test_pair_by_hand(make_scores: MakeScores) -> None:
    """Of 9 pairs beta 1 wins 8; of the 20 ways to rank, 2 win 8 or more, and 2 win 1 or fewer."""
    [row] = compare_settings(_two(make_scores)).to_dict("records")
    assert (row["representation"], row["protocol"]) == ("mean", "mig/locatello2019")
    assert (row["first"], row["second"]) == ("1 (VAE)", "4")
    assert (row["n_first"], row["n_second"]) == (3, 3)
    assert row["difference"] == pytest.approx(0.5 - 0.7 / 3)
    assert row["probability"] == pytest.approx(8 / 9)
    assert row["p"] == row["p_adjusted"] == pytest.approx((2 + 2) / 20)
    low, high = probability_interval(np.array([8 / 9]), np.array([3]), np.array([3]))
    assert (row["low"], row["high"]) == pytest.approx((low[0], high[0]))


def test_lower_score_wins_where_lower_is_better(make_scores: MakeScores) -> None:
    worse = [name for name, known in PROTOCOLS.items() if known.higher_is_better is False]
    [row] = compare_settings(_two(make_scores, protocol=worse[0])).to_dict("records")
    assert row["difference"] == pytest.approx(0.5 - 0.7 / 3)
    assert row["probability"] == pytest.approx(1 / 9)
    assert row["low"] < 1 / 9 < row["high"]


def test_higher_score_wins_where_neither_is_better(make_scores: MakeScores) -> None:
    scores = _two(make_scores, protocol="kl/gaussian")
    assert compare_settings(scores)["probability"].tolist() == pytest.approx([8 / 9])


def test_each_pair_stands_once_in_the_order_of_the_settings(make_scores: MakeScores) -> None:
    scores = make_scores([0.1] * 6, beta=[16.0, 1.0, 4.0] * 2)
    table = compare_settings(scores)
    pairs = list(zip(table["first"], table["second"], strict=True))
    assert pairs == [("1 (VAE)", "4"), ("1 (VAE)", "16"), ("4", "16")]


def test_protocol_is_compared_over_the_settings_that_it_has(make_scores: MakeScores) -> None:
    """With the names that they have in the frame, though one model is left."""
    parts = [
        make_scores([0.1, 0.2], protocol="a"),
        make_scores([0.1, 0.2], beta=8.0, protocol="a"),
        make_scores([0.1, 0.2], model="tcvae", protocol="b"),
        make_scores([0.1, 0.2], protocol="b"),
    ]
    table = compare_settings(pd.concat(parts))
    assert table["protocol"].tolist() == ["a", "b"]
    assert table["first"].tolist() == ["beta_vae 4"] * 2
    assert table["second"].tolist() == ["beta_vae 8", "tcvae 4"]


def test_holm_by_hand(make_scores: MakeScores) -> None:
    """Of three p the least counts three times, the next twice, and none less than one before it."""
    rng = np.random.default_rng(0)
    values = [*rng.normal(0, 1, 10), *rng.normal(1, 1, 10), *rng.normal(3, 1, 10)]
    table = compare_settings(make_scores(values, beta=np.repeat([1.0, 4.0, 16.0], 10)))
    least, middle, most = table["p"].sort_values()
    expected = np.maximum.accumulate([3 * least, 2 * middle, most])
    assert table.sort_values("p")["p_adjusted"].to_numpy() == pytest.approx(expected)


def test_pairs_without_a_test_are_not_counted(make_scores: MakeScores) -> None:
    """One of three pairs has a p, which needs no correction."""
    scores = make_scores([*HIGH, *LOW, 0.9], beta=[1.0] * 3 + [4.0] * 3 + [16.0])
    table = compare_settings(scores).set_index("second")
    assert table.loc["4", "p_adjusted"] == table.loc["4", "p"] == pytest.approx(0.2)
    assert table.loc["16", "p_adjusted"].isna().all()


def test_protocols_and_representations_are_corrected_apart(make_scores: MakeScores) -> None:
    parts = [_two(make_scores, protocol=name) for name in ("a", "b")]
    parts.append(_two(make_scores, protocol="a", representation="sampled"))
    table = compare_settings(pd.concat(parts))
    assert table["protocol"].tolist() == ["a", "b", "a"]
    assert table["p_adjusted"].tolist() == table["p"].tolist()


def test_single_run_is_compared_without_a_test(make_scores: MakeScores) -> None:
    [row] = compare_settings(make_scores([*HIGH, 0.4], beta=[1.0] * 3 + [4.0])).to_dict("records")
    assert row["probability"] == pytest.approx(2 / 3)
    assert row["difference"] == pytest.approx(0.1)
    assert all(isnan(row[name]) for name in UNKNOWN)


@pytest.mark.parametrize("value", [nan, np.inf])
def test_missing_score_is_not_hidden(make_scores: MakeScores, value: float) -> None:
    scores = make_scores([value, *HIGH, *LOW], beta=[1.0] * 4 + [4.0] * 3)
    [row] = compare_settings(scores).to_dict("records")
    assert all(isnan(row[name]) for name in ("difference", "probability", *UNKNOWN))


def test_repeats_of_a_run_count_once(make_scores: MakeScores) -> None:
    scores = _two(make_scores)
    again = pd.concat([scores, scores.assign(value=scores["value"])])
    pd.testing.assert_frame_equal(compare_settings(again), compare_settings(scores))


def test_settings_of_two_sources_are_compared(make_scores: MakeScores) -> None:
    scores = make_scores([*HIGH, *LOW], source=["b"] * 3 + ["a"] * 3)
    [row] = compare_settings(scores).to_dict("records")
    assert (row["first"], row["second"]) == ("a: 4", "b: 4")
    assert row["probability"] == pytest.approx(1 / 9)


def test_p_is_that_of_scipy(make_scores: MakeScores) -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random(12), rng.random(20)
    scores = make_scores([*first, *second], beta=[1.0] * 12 + [4.0] * 20)
    assert compare_settings(scores)["p"].tolist() == [stats.mannwhitneyu(first, second).pvalue]


def test_fewer_than_two_settings_have_no_pairs(make_scores: MakeScores) -> None:
    assert compare_settings(make_scores(HIGH)).empty
    assert compare_settings(make_scores([])).empty


BASELINE = {"beta": nan, "hyperparameters": None}


def _three_trained(make_scores: MakeScores) -> pd.DataFrame:
    """Five runs of each beta: every one beats those of the beta before it, but for one pair."""
    values = [0.1, 0.2, 0.3, 0.4, 0.55, 0.5, 0.6, 0.7, 0.8, 0.95, 0.9, 1.0, 1.1, 1.2, 1.3]
    return make_scores(values, beta=np.repeat([1.0, 4.0, 16.0], 5))


def test_baselines_change_nothing_that_is_said_of_trained_settings(make_scores: MakeScores) -> None:
    """Of 252 ways to rank 4 are as far out as one lost pair of 25, and 2 as none: 2 x 4, 3 x 2."""
    trained = _three_trained(make_scores)
    baselines = [
        make_scores([0.0, 0.01, 0.02, 0.03, 0.04], model=model, **BASELINE)
        for model in ("factors", "pca", "untrained")
    ]
    alone, table = compare_settings(trained), compare_settings(pd.concat([trained, *baselines]))
    assert alone["p_adjusted"].tolist() == pytest.approx([8 / 252, 6 / 252, 8 / 252])
    both = table[~table["first"].isin(["factors", "pca", "untrained"])].reset_index(drop=True)
    assert both["p_adjusted"].tolist() == alone["p_adjusted"].tolist()


def test_pairs_with_a_baseline_are_corrected_among_themselves(make_scores: MakeScores) -> None:
    """Three of them, each as far out as can be, with 2 of 252; the trained ones do not count."""
    baseline = make_scores([0.0, 0.01, 0.02, 0.03, 0.04], model="pca", **BASELINE)
    table = compare_settings(pd.concat([_three_trained(make_scores), baseline]))
    pairs = table[table["first"].eq("pca")]
    assert pairs["p"].tolist() == pytest.approx([2 / 252] * 3)
    assert pairs["p_adjusted"].tolist() == pytest.approx([6 / 252] * 3)


@pytest.mark.parametrize("model", ["factors", "pixels"])
def test_draws_of_the_evaluation_alone_are_not_tested(make_scores: MakeScores, model: str) -> None:
    """How often such a baseline wins stays; beside PCA and one beta, one pair has a p."""
    parts = [
        make_scores([0.9, 0.91, 0.92], model=model, **BASELINE),
        make_scores([0.6, 0.65, 0.8], model="pca", **BASELINE),
        make_scores(HIGH),
    ]
    table = compare_settings(pd.concat(parts)).set_index(["first", "second"])
    assert table.loc[model, "probability"].tolist() == [1, 1]
    assert table.loc[model, ["low", "high"]].notna().all(axis=None)
    assert table.loc[model, ["p", "p_adjusted"]].isna().all(axis=None)
    assert table.loc[("pca", "4"), "p_adjusted"] == table.loc[("pca", "4"), "p"]
