"""The headline has a row a setting, and the protocols that say most."""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING

import pytest

from disbench.metrics.protocols import PROTOCOLS
from disbench.report.headline import (
    Estimate,
    headline_of,
    headline_protocols,
    is_supervised,
    run_scores,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.evidence import Evidence

    MakeEvidence = Callable[..., Evidence]


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ([], ()),
        (["sap/kumar2018", "mig/exact"], ("mig/exact", "sap/kumar2018")),
        (
            ["beta_vae/higgins2017", "dci/rf", "mig/exact"],
            ("mig/exact", "dci/rf", "beta_vae/higgins2017"),
        ),
        (["mig/exact", "mig/chen2018", "dci/rf", "dci/gbt"], ("mig/exact", "dci/rf")),
        (["irs/maximum", "infomec/hsu2023"], ("infomec/hsu2023", "irs/maximum")),
        (["kl/gaussian", "udr/spearman", "mig/exact"], ("mig/exact",)),
        (["kl/gaussian", "udr/spearman"], ("kl/gaussian", "udr/spearman")),
        (["udr/spearman", "udr/spearman"], ("udr/spearman",)),
        (["gone/2019"], ("gone/2019",)),
    ],
)
def test_protocols_to_look_at_first(there: list[str], chosen: tuple[str, ...]) -> None:
    """One a metric and mig first; what looks at no factors only where there is nothing else."""
    assert headline_protocols(there) == chosen


def test_of_all_protocols_there_are_four() -> None:
    expected = (
        "mig/locatello2019",
        "dci/gbt",
        "factor_vae/locatello2019",
        "beta_vae/locatello2019",
    )
    assert headline_protocols(PROTOCOLS) == expected
    assert headline_protocols(PROTOCOLS, most=1) == expected[:1]


def test_supervised_are_those_that_look_at_factors_and_where_more_is_better() -> None:
    assert {name for name in PROTOCOLS if not is_supervised(name)} == {
        "total_correlation/locatello2019",
        "wasserstein_correlation/locatello2019",
        "wasserstein_correlation/normalised",
        "pairwise_information/locatello2019",
        "active_dimensions/burda2016",
        "kl/gaussian",
    }
    assert not is_supervised("udr/spearman")
    assert not is_supervised("gone/2019")


def test_rows_by_value(make_evidence: MakeEvidence, ae: dict[str, object]) -> None:
    """Means over the finished runs; the autoencoder, which has no beta, comes first."""
    runs = [
        {"seed": 0, "reconstruction": 100.0, "kl": 4.0, "active_dimensions": 5},
        {"seed": 1, "reconstruction": 102.0, "kl": 5.0, "active_dimensions": 2},
        {
            "seed": 2,
            "status": "failed",
            "reconstruction": nan,
            "kl": nan,
            "active_dimensions": None,
        },
        {**ae, "reconstruction": 80.0, "kl": nan, "active_dimensions": 10},
    ]
    summary = [{"mean": 0.25, "mean_low": 0.125, "mean_high": 0.5}, {**ae, "mean": 0.125}]
    headline = headline_of(make_evidence(runs=runs, scores=[{}], summary=summary))
    assert headline.protocols == ("mig/exact",)
    first, second = headline.rows
    assert (first.setting, first.model, first.n, first.reconstruction) == ("ae", "ae", 1, 80)
    assert isnan(first.beta)
    assert isnan(first.kl)
    assert str(first.scores[0]) == "0.125"
    assert (second.setting, second.model, second.beta, second.n) == ("4", "beta_vae", 4, 2)
    assert (second.reconstruction, second.kl, second.active_dimensions) == (101, 4.5, 3.5)
    assert second.scores == (Estimate(0.25, 0.125, 0.5),)


def test_a_setting_whose_runs_all_failed_has_a_row_of_gaps(make_evidence: MakeEvidence) -> None:
    gaps = {"reconstruction": nan, "kl": nan, "active_dimensions": None}
    runs = [{}, {"beta": 16.0, "status": "failed", **gaps}]
    headline = headline_of(make_evidence(runs=runs, scores=[{}]))
    failed = headline.rows[1]
    assert (failed.setting, failed.n) == ("16", 0)
    numbers = (failed.reconstruction, failed.kl, failed.active_dimensions, *failed.scores[0])
    assert all(map(isnan, numbers))
    assert str(failed.scores[0]) == "\u2013"


def test_scores_of_samples_are_not_those_of_means(make_evidence: MakeEvidence) -> None:
    scores = [{"value": 0.25}, {"value": 0.75, "representation": "sampled"}]
    [row] = headline_of(make_evidence(scores=scores)).rows
    assert [score.mean for score in row.scores] == [0.25]


def test_protocols_can_be_given(make_evidence: MakeEvidence) -> None:
    evidence = make_evidence(scores=[{"value": 0.25}, {"protocol": "dci/gbt", "value": 0.75}])
    headline = headline_of(evidence, protocols=("dci/gbt", "sap/kumar2018"))
    assert headline.protocols == ("dci/gbt", "sap/kumar2018")
    assert list(map(str, headline.rows[0].scores)) == ["0.750", "\u2013"]


def test_nothing_has_no_rows(make_evidence: MakeEvidence) -> None:
    headline = headline_of(make_evidence(runs=[]))
    assert (headline.protocols, headline.rows) == ((), ())


def test_runs_are_ordered_by_the_first_protocol_the_best_first(make_evidence: MakeEvidence) -> None:
    """A run's score is the mean of its evaluations: (0.2 + 0.6) / 2, 0.5 and 0.3."""
    scores = [
        {"run": "a", "value": 0.25, "evaluation_seed": 0},
        {"run": "a", "value": 0.75, "evaluation_seed": 1},
        {"run": "b", "value": 0.625},
        {"run": "c", "value": 0.125},
        {"run": "c", "value": 0.875, "protocol": "dci/gbt"},
        {"run": "b", "value": 0.0, "representation": "sampled"},
    ]
    found = run_scores(make_evidence(scores=scores))
    assert list(found.items()) == [
        (("results", "b"), 0.625),
        (("results", "a"), 0.5),
        (("results", "c"), 0.125),
    ]


def test_a_run_with_a_missing_evaluation_has_no_place(make_evidence: MakeEvidence) -> None:
    scores = [
        {"run": "a", "value": 0.75, "evaluation_seed": 0},
        {"run": "a", "value": nan, "evaluation_seed": 1},
        {"run": "b", "value": 0.5},
    ]
    assert run_scores(make_evidence(scores=scores)) == {("results", "b"): 0.5}


@pytest.mark.parametrize(
    "protocol", ["total_correlation/locatello2019", "kl/gaussian", "gone/2019"]
)
def test_where_more_is_not_better_no_run_is_best(
    make_evidence: MakeEvidence, protocol: str
) -> None:
    assert run_scores(make_evidence(scores=[{"protocol": protocol}])) == {}


def test_runs_are_ordered_by_udr_where_there_is_nothing_else(make_evidence: MakeEvidence) -> None:
    scores = [
        {"run": "a", "value": 0.25, "protocol": "udr/spearman"},
        {"run": "b", "value": 0.5, "protocol": "udr/spearman"},
    ]
    assert list(run_scores(make_evidence(scores=scores))) == [("results", "b"), ("results", "a")]


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (Estimate(0.25, 0.125, 0.5), "0.250 [0.125, 0.500]"),
        (Estimate(0.25, nan, nan), "0.250"),
        (Estimate(nan, nan, nan), "\u2013"),
    ],
)
def test_an_estimate_says_what_there_is(estimate: Estimate, said: str) -> None:
    assert str(estimate) == said
