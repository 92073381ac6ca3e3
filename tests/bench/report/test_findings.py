"""Every sentence is true of the numbers that it quotes, whichever way these fall."""

from __future__ import annotations

import re
from math import inf, isnan, nan
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from disbench.metrics.protocols import PROTOCOLS
from disbench.report.findings import findings
from disbench.settings import spoken
from disbench.words import p_value, per_cent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from disbench.evidence import Evidence

    MakeEvidence = Callable[..., Evidence]
    Row = Mapping[str, object]

EMPTY: dict[str, Sequence[Row]] = {
    "summary": [],
    "variance": [],
    "comparisons": [],
    "agreement": [],
}
AHEAD: list[Row] = [
    {"beta": 4.0, "mean": 0.25, "mean_low": 0.125, "mean_high": 0.375},
    {"beta": 16.0, "mean": 0.5, "mean_low": 0.4375, "mean_high": 0.5625},
]
FOUR_AND_SIXTEEN = {"first": "4", "second": "16"}
LEADS = "beta 16 has the highest mean mig/exact: 0.500 [0.438, 0.562] over 5 seeds"
MEASURED = "mig/exact"
ALSO: list[Row] = [{"protocol": name} for name in ("dci/gbt", "sap/kumar2018")]


def _said(make_evidence: MakeEvidence, *scores: Row, **tables: Sequence[Row]) -> list[str]:
    """The findings where these tables have something to tell, and the others nothing."""
    runs = [{"beta": 4.0}, {"beta": 16.0}]
    return findings(make_evidence(runs=runs, scores=[{}, *scores], **(EMPTY | tables)))


def _lead(
    make_evidence: MakeEvidence, *, summary: Sequence[Row] = AHEAD, **pair: object
) -> list[str]:
    return _said(make_evidence, summary=summary, comparisons=[{**FOUR_AND_SIXTEEN, **pair}])


def _shares(make_evidence: MakeEvidence, **shares: object) -> list[str]:
    return _said(make_evidence, variance=[{"evaluation": 0.0, **shares}])


def _correlated(
    make_evidence: MakeEvidence, *rows: tuple[str, str, float, float], scores: Sequence[Row] = ()
) -> list[str]:
    """The findings of rank correlations, of which each is of a pair with rho and p."""
    names = ("first", "second", "rho", "p")
    return _said(
        make_evidence, *scores, agreement=[dict(zip(names, row, strict=True)) for row in rows]
    )


def test_nothing_scored_is_no_finding(make_evidence: MakeEvidence) -> None:
    assert findings(make_evidence()) == []
    assert findings(make_evidence(runs=[])) == []


def test_samples_alone_are_no_finding(make_evidence: MakeEvidence) -> None:
    """Sentences are about posterior means."""
    scores = [{"beta": b, "value": b / 20, "representation": "sampled"} for b in (4.0, 16.0)]
    assert findings(make_evidence(runs=[{}, {"beta": 16.0}], scores=scores)) == []


def test_lead_beyond_chance(make_evidence: MakeEvidence) -> None:
    """The pair is stored the other way round: 1 - 0.125, and 1 - 0.25 and 1 - 0 for its ends."""
    assert _lead(make_evidence, probability=0.125, low=0.0, high=0.25, p_adjusted=0.03) == [
        (
            f"{LEADS}. A run of it beats one of the next, beta 4, with probability 0.88 [0.75, "
            "1.00], more than chance explains (p = 0.03, corrected for the number of pairs)."
        )
    ]


def test_lead_as_it_is_stored(make_evidence: MakeEvidence) -> None:
    summary = [{**AHEAD[0], "mean": 0.625}, AHEAD[1]]
    assert _lead(
        make_evidence, summary=summary, probability=0.75, low=0.5, high=1.0, p_adjusted=0.0001
    ) == [
        (
            "beta 4 has the highest mean mig/exact: 0.625 [0.125, 0.375] over 5 seeds. A run of it "
            "beats one of the next, beta 16, with probability 0.75 [0.50, 1.00], more than chance "
            "explains (p < 0.001, corrected for the number of pairs)."
        )
    ]


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.0499, "more than chance explains (p < 0.05, "),
        (0.05, "which may be chance (p = 0.05, "),
        (1.0, "which may be chance (p = 1, "),
    ],
)
def test_lead_may_be_chance_from_the_level_on(
    make_evidence: MakeEvidence, p: float, said: str
) -> None:
    [sentence] = _lead(make_evidence, probability=0.25, low=0.0, high=0.5, p_adjusted=p)
    assert said in sentence


def test_a_higher_mean_that_loses_more_often_is_no_lead(make_evidence: MakeEvidence) -> None:
    """One lucky seed lifts a mean, while most runs are beaten."""
    [sentence] = _lead(make_evidence, probability=0.875, low=0.75, high=1.0, p_adjusted=0.01)
    assert sentence == (
        f"{LEADS}. A run of it beats one of the next, beta 4, with probability 0.12 [0.00, 0.25], "
        "so that for all its mean it loses more often than chance explains (p = 0.01, corrected "
        "for the number of pairs)."
    )


@pytest.mark.parametrize(
    "pairs", [[], [{**FOUR_AND_SIXTEEN, "probability": 0.0, "p_adjusted": nan}]]
)
def test_lead_that_cannot_be_judged(make_evidence: MakeEvidence, pairs: Sequence[Row]) -> None:
    summary = [{**AHEAD[0]}, {**AHEAD[1], "n": 1, "mean_low": nan, "mean_high": nan}]
    assert _said(make_evidence, summary=summary, comparisons=pairs) == [
        (
            "beta 16 has the highest mean mig/exact: 0.500 over 1 seed; with so few seeds its lead "
            "over beta 4 cannot be judged."
        )
    ]


def test_comparisons_of_samples_or_of_other_protocols_are_not_quoted(
    make_evidence: MakeEvidence,
) -> None:
    pair = {**FOUR_AND_SIXTEEN, "probability": 0.0, "low": 0.0, "high": 0.1, "p_adjusted": 0.01}
    others = [{**pair, "representation": "sampled"}, {**pair, "protocol": "dci/gbt"}]
    [sentence] = _said(make_evidence, summary=AHEAD, comparisons=others)
    assert sentence.endswith("cannot be judged.")


def test_the_next_is_the_second_of_all(make_evidence: MakeEvidence) -> None:
    summary = [*AHEAD, {"beta": 8.0, "mean": 0.375}, {"beta": 1.0, "mean": 0.0}]
    runs = [{"beta": beta} for beta in (1.0, 4.0, 8.0, 16.0)]
    [sentence] = findings(make_evidence(runs=runs, scores=[{}], **(EMPTY | {"summary": summary})))
    assert sentence.endswith("its lead over beta 8 cannot be judged.")


def test_a_tie_at_the_top_is_no_lead(make_evidence: MakeEvidence) -> None:
    assert _lead(make_evidence, summary=[{**row, "mean": 0.5} for row in AHEAD]) == []


def test_one_setting_leads_nothing(make_evidence: MakeEvidence) -> None:
    assert _lead(make_evidence, summary=AHEAD[:1]) == []


@pytest.mark.parametrize("mean", [nan, inf])
def test_a_setting_without_a_mean_is_said_to_be_left_out(
    make_evidence: MakeEvidence, mean: float
) -> None:
    """It might have been the best."""
    summary = [*AHEAD, {"beta": 1.0, "mean": mean}]
    [sentence] = _lead(make_evidence, summary=summary, probability=0.25, p_adjusted=0.5, low=nan)
    assert sentence.startswith(f"Of the settings whose scores are all numbers, {LEADS}. A run of")
    assert _lead(make_evidence, summary=[AHEAD[0], {**AHEAD[1], "mean": mean}]) == []


@pytest.mark.parametrize(
    "protocol", ["kl/gaussian", "total_correlation/locatello2019", "gone/2019"]
)
def test_where_more_is_not_better_nothing_leads(make_evidence: MakeEvidence, protocol: str) -> None:
    scores = [
        {"beta": beta, "seed": seed, "protocol": protocol, "value": beta + seed}
        for beta in (4.0, 16.0)
        for seed in range(5)
    ]
    runs = [{"beta": row["beta"], "seed": row["seed"]} for row in scores]
    found = findings(make_evidence(runs=runs, scores=scores))
    assert [sentence.partition(" ")[0] for sentence in found] == ["Of"]  # the shares of variance


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (
            {"hyperparameters": 0.75, "seed": 0.25},
            "75 % goes with beta and 25 % with the seed: the choice counts for more.",
        ),
        (
            {"hyperparameters": 0.25, "seed": 0.75},
            "25 % goes with beta and 75 % with the seed: the seed counts for more.",
        ),
        (
            {"hyperparameters": 0.52, "seed": 0.48},
            "52 % goes with beta and 48 % with the seed: the seed counts about as much.",
        ),
        (
            {"hyperparameters": 0.40625, "seed": 0.34375, "evaluation": 0.25},
            (
                "41 % goes with beta, 34 % with the seed and 25 % with the protocol's own draws: "
                "the choice counts for more."
            ),
        ),
        (
            {"hyperparameters": 0.3, "objective": 0.4, "source": 0.1, "seed": 0.2},
            (
                "80 % goes with the directory, the objective and beta and 20 % with the seed: the "
                "choice counts for more."
            ),
        ),
        (
            {"hyperparameters": 0.6, "seed": 0.395, "evaluation": 0.005},
            (
                "60 % goes with beta, 40 % with the seed and less than 1 % with the protocol's own "
                "draws: the choice counts for more."
            ),
        ),
        (
            {"hyperparameters": 0.25, "seed": 0.75, "evaluation": nan},
            (
                "25 % goes with beta and 75 % with the seed and the protocol's own draws: the seed "
                "counts for more."
            ),
        ),
        (
            {"hyperparameters": nan, "objective": 0.75, "seed": 0.25},
            "75 % goes with the objective and 25 % with the seed: the choice counts for more.",
        ),
        (
            {"hyperparameters": nan, "objective": 0.0, "seed": 1.0},
            "0 % goes with what was chosen and 100 % with the seed: the seed counts for more.",
        ),
    ],
)
def test_beta_against_the_seed(
    make_evidence: MakeEvidence, shares: dict[str, object], said: str
) -> None:
    assert _shares(make_evidence, **shares) == [
        f"Of the variance of mig/exact over all runs, {said}"
    ]


@pytest.mark.parametrize(
    "shares",
    [
        {"hyperparameters": 0.5, "seed": nan, "evaluation": 0.5},
        {"hyperparameters": nan, "seed": nan, "evaluation": nan},
        {"hyperparameters": 0.0, "seed": 1.0, "n_settings": 1},
        {"hyperparameters": 0.5, "seed": 0.5, "representation": "sampled"},
        {"hyperparameters": 0.5, "seed": 0.5, "protocol": "dci/gbt"},
    ],
)
def test_shares_that_say_nothing_are_not_quoted(
    make_evidence: MakeEvidence, shares: dict[str, object]
) -> None:
    """Without repeated runs, of one setting, of samples, of another protocol."""
    assert _shares(make_evidence, **shares) == []


def _overlap(make_evidence: MakeEvidence, *values: Sequence[float]) -> list[str]:
    """The findings of scores of two settings, whose summary and others are left out."""
    scores = [
        {"beta": beta, "seed": seed, "value": value}
        for beta, of_setting in zip((4.0, 16.0), values, strict=True)
        for seed, value in enumerate(of_setting)
    ]
    runs = [{"beta": row["beta"], "seed": row["seed"]} for row in scores]
    return findings(make_evidence(runs=runs, scores=scores, **EMPTY))


@pytest.mark.parametrize(
    ("lucky", "unlucky", "said"),
    [(0.75, 0.25, "above"), (0.5, 0.5, "not above"), (0.125, 0.25, "not above")],
)
def test_lucky_seed_of_the_lowest_against_unlucky_of_the_highest(
    make_evidence: MakeEvidence, lucky: float, unlucky: float, said: str
) -> None:
    assert _overlap(make_evidence, [0.0, lucky], [1.0, unlucky]) == [
        (
            f"The luckiest seed of the lowest setting, beta 4, scores {lucky:.3f} on mig/exact, "
            f"{said} the unluckiest of the highest, beta 16, with {unlucky:.3f}."
        )
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([0.5], [0.75, 1.0]),
        ([0.5, 0.5], [0.5, 0.5]),
        ([0.25, nan], [0.75, 1.0]),
        ([0.25, 0.5], [0.75, nan]),
    ],
)
def test_ranges_that_are_none_are_not_compared(
    make_evidence: MakeEvidence, first: list[float], second: list[float]
) -> None:
    """Of one seed, of equal settings, and where a score is missing."""
    assert _overlap(make_evidence, first, second) == []


def test_luck_of_a_seed_is_its_mean_over_evaluations(make_evidence: MakeEvidence) -> None:
    """Runs have 0, (0.25 + 0.75) / 2 against 0.75 and 1; one evaluation would be above."""
    values = {(4.0, 0): [0.0], (4.0, 1): [0.0, 1.0], (16.0, 0): [0.75], (16.0, 1): [1.0]}
    scores = [
        {"beta": beta, "seed": seed, "evaluation_seed": i, "value": value}
        for (beta, seed), repeats in values.items()
        for i, value in enumerate(repeats)
    ]
    runs = [{"beta": beta, "seed": seed} for beta, seed in values]
    [sentence] = findings(make_evidence(runs=runs, scores=scores, **EMPTY))
    assert "scores 0.500 on mig/exact, not above the unluckiest" in sentence


@pytest.mark.parametrize(
    ("rho", "p", "said"),
    [
        (0.5, 0.01, "Runs that reconstruct worse score higher on mig/exact"),
        (-0.5, 0.01, "Runs that reconstruct better score higher on mig/exact"),
        (0.5, 0.05, "Between reconstruction error and mig/exact no correlation is beyond chance"),
        (-0.5, 0.9, "Between reconstruction error and mig/exact no correlation is beyond chance"),
    ],
)
def test_tradeoff(make_evidence: MakeEvidence, rho: float, p: float, said: str) -> None:
    """Reconstruction is an error: a positive correlation is a price that is paid."""
    first, _ = _correlated(make_evidence, (MEASURED, "reconstruction", rho, p))
    assert first == f"{said} (Spearman's rho = {rho:.2f}, p = {p:.2g}, 12 runs)."


@pytest.mark.parametrize("pair", [(MEASURED, "reconstruction"), ("reconstruction", MEASURED)])
def test_tradeoff_is_found_whichever_way_round(
    make_evidence: MakeEvidence, pair: tuple[str, str]
) -> None:
    first, _ = _correlated(make_evidence, (*pair, 0.5, 0.01))
    assert first.startswith("Runs that reconstruct worse")


def test_correlation_that_is_none_says_nothing(make_evidence: MakeEvidence) -> None:
    assert _correlated(make_evidence, (MEASURED, "reconstruction", nan, nan)) == []
    sampled = {"first": MEASURED, "second": "reconstruction", "rho": 0.5, "p": 0.01}
    assert _said(make_evidence, agreement=[{**sampled, "representation": "sampled"}]) == []


@pytest.mark.parametrize(
    ("rho", "said"),
    [
        (0.7, "yet even they agree well"),
        (0.699, "they agree in part"),
        (0.3, "they agree in part"),
        (0.299, "they hardly agree"),
        (0.0, "they hardly agree"),
        (-0.299, "they hardly agree"),
        (-0.3, "what one ranks high the other ranks low"),
        (-1.0, "what one ranks high the other ranks low"),
    ],
)
def test_metrics_that_agree_least(make_evidence: MakeEvidence, rho: float, said: str) -> None:
    found = _correlated(
        make_evidence,
        (MEASURED, "dci/gbt", 1.0, 0.0),
        (MEASURED, "sap/kumar2018", rho, 0.5),
        ("dci/gbt", "sap/kumar2018", nan, nan),
        scores=ALSO,
    )
    assert found == [
        (
            "Of the metrics, mig/exact and sap/kumar2018 agree least on the order of the runs: "
            f"{said} (Spearman's rho = {rho:.2f}, 12 runs)."
        )
    ]


def test_metrics_that_agree_least_are_supervised_and_one_a_family(
    make_evidence: MakeEvidence,
) -> None:
    [agreement, _] = _correlated(
        make_evidence,
        (MEASURED, "dci/gbt", 0.5, 0.5),
        (MEASURED, "sap/kumar2018", 0.25, 0.5),
        (MEASURED, "mig/chen2018", -0.5, 0.5),
        (MEASURED, "kl/gaussian", -1.0, 0.5),
        scores=[*ALSO, {"protocol": "mig/chen2018"}, {"protocol": "kl/gaussian"}],
    )
    assert "mig/exact and sap/kumar2018 agree least" in agreement


def test_the_only_pair_is_not_the_one_that_agrees_least(make_evidence: MakeEvidence) -> None:
    row = (MEASURED, "dci/gbt", -1.0, 0.01)
    assert _correlated(make_evidence, row, scores=ALSO[:1]) == []


@pytest.mark.parametrize(
    ("rho", "p", "said"),
    [
        (
            0.75,
            0.02,
            (
                "Without labels, the KL orders the runs most clearly as mig/exact does "
                "(Spearman's rho = 0.75, p = 0.04 corrected for 2 tried)."
            ),
        ),
        (
            -0.75,
            0.0001,
            (
                "Without labels, the KL orders the runs most clearly against mig/exact "
                "(Spearman's rho = -0.75, p < 0.001 corrected for 2 tried)."
            ),
        ),
        (
            0.75,
            0.03,
            (
                "No measure that needs no labels correlates with mig/exact beyond chance; "
                "the clearest is the KL (Spearman's rho = 0.75, p = 0.06 corrected for 2 tried)."
            ),
        ),
    ],
)
def test_measures_without_labels(
    make_evidence: MakeEvidence, rho: float, p: float, said: str
) -> None:
    """Holm's correction doubles the lesser of two p; what looks at factors is not tried."""
    found = _correlated(
        make_evidence,
        (MEASURED, "kl", rho, p),
        ("elbo", MEASURED, 0.25, 0.5),
        (MEASURED, "active_dimensions", nan, nan),
        (MEASURED, "dci/gbt", 1.0, 0.0),
        ("kl", "elbo", 1.0, 0.0),
        scores=ALSO[:1],
    )
    assert found == [said]


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ("kl", "the KL"),
        ("elbo", "the ELBO"),
        ("reconstruction", "the reconstruction error"),
        ("active_dimensions", "the number of active dimensions"),
        ("udr/spearman", "udr/spearman"),
        ("total_correlation/locatello2019", "total_correlation/locatello2019"),
    ],
)
def test_measures_without_labels_are_named(
    make_evidence: MakeEvidence, other: str, name: str
) -> None:
    *_, sentence = _correlated(make_evidence, (MEASURED, other, 0.5, 0.01))
    assert sentence == (
        f"Without labels, {name} orders the runs most clearly as mig/exact does (Spearman's rho = "
        "0.50, p = 0.01 corrected for 1 tried)."
    )


def test_a_correlation_of_few_runs_does_not_hide_one_beyond_chance(
    make_evidence: MakeEvidence,
) -> None:
    """Of 3 runs rho is soon 1; over all runs a smaller one can be more than chance."""
    [sentence] = _correlated(
        make_evidence, (MEASURED, "kl", 1.0, 0.333), (MEASURED, "active_dimensions", 0.75, 0.005)
    )
    assert sentence == (
        "Without labels, the number of active dimensions orders the runs most clearly as mig/exact "
        "does (Spearman's rho = 0.75, p = 0.01 corrected for 2 tried)."
    )


def test_a_protocol_without_labels_is_not_compared_with_its_like(
    make_evidence: MakeEvidence,
) -> None:
    agreement = [{"first": "udr/spearman", "second": "kl", "rho": 1.0, "p": 0.001}]
    scores = [{"protocol": "udr/spearman"}]
    assert findings(make_evidence(scores=scores, **(EMPTY | {"agreement": agreement}))) == []


# Any study: scores that may be missing and measures, of a few seeds of each of a few settings.
NUMBERS = st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])
SCORES = NUMBERS | st.just(nan)
STUDIES = st.lists(
    st.lists(st.tuples(SCORES, SCORES, SCORES, NUMBERS, NUMBERS), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)
NAMES = ("mig/exact", "dci/gbt", "kl/gaussian")


def _evidence(make_evidence: MakeEvidence, study: list[list[tuple[float, ...]]]) -> Evidence:
    runs, scores = [], []
    for beta, seeds in enumerate(study, start=1):
        for seed, (*values, reconstruction, kl) in enumerate(seeds):
            cell = {"beta": float(beta), "seed": seed}
            runs.append({**cell, "reconstruction": reconstruction, "kl": kl})
            scores += [
                {**cell, "protocol": name, "value": value}
                for name, value in zip(NAMES, values, strict=True)
            ]
    return make_evidence(runs=runs, scores=scores)


def _quotable(evidence: Evidence) -> set[str]:
    """Every number of the frames, and what is one minus it, in the forms of the sentences."""
    tables = evidence.tables
    frames = (tables.scores, tables.summary, tables.comparisons, tables.variance, tables.agreement)
    columns = [frame.select_dtypes("number").to_numpy("float64", na_value=nan) for frame in frames]
    known = np.unique(np.concatenate([c.ravel() for c in columns]))
    known = known[np.isfinite(known)]
    shares = tables.variance[["source", "objective", "hyperparameters"]].sum(axis=1)
    return (
        {f"{value:.{digits}f}" for value in (*known, *(1 - known)) for digits in (0, 2, 3)}
        | {p_value(value).split()[-1] for value in (*known, *(1 - known))}
        | {per_cent(share).split()[-2] for share in (*known, *shares) if 0 <= share <= 1}
    )


def _pair(comparisons: pd.DataFrame, sentence: str) -> dict[str, float]:
    """The comparison that a sentence about a lead is about."""
    named = re.search(
        r"(beta \d+(?: \(VAE\))?) has the highest .* the next, (beta [^,]*),", sentence
    )
    assert named is not None
    [row] = [
        row
        for row in comparisons[comparisons["protocol"].eq("mig/exact")].to_dict("records")
        if {spoken(str(row["first"])), spoken(str(row["second"]))} == set(named.groups())
    ]
    return {str(name): value for name, value in row.items()}


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20)
@given(study=STUDIES)
def test_every_number_of_a_sentence_is_one_of_the_frames(
    make_evidence: MakeEvidence, study: list[list[tuple[float, ...]]]
) -> None:
    evidence = _evidence(make_evidence, study)
    quotable = _quotable(evidence)
    for sentence in findings(evidence):
        assert "nan" not in sentence
        assert "inf" not in sentence
        bare = re.sub(r"beta \d+|p [=<] \S+ corrected for \d+ tried", "", sentence)
        quoted = re.findall(r"(?<![\w/])-?\d+(?:\.\d+)?(?:e-\d+)?", bare)
        assert set(quoted) <= quotable


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20)
@given(study=STUDIES)
def test_what_is_said_to_be_beyond_chance_is(
    make_evidence: MakeEvidence, study: list[list[tuple[float, ...]]]
) -> None:
    evidence = _evidence(make_evidence, study)
    comparisons, agreement = evidence.tables.comparisons, evidence.tables.agreement
    correlations = agreement[
        agreement["first"].eq("mig/exact") | agreement["second"].eq("mig/exact")
    ]
    for sentence in findings(evidence):
        if "more than chance explains" in sentence:
            assert _pair(comparisons, sentence)["p_adjusted"] < 0.05
        if "which may be chance" in sentence:
            assert _pair(comparisons, sentence)["p_adjusted"] >= 0.05
        if "cannot be judged" in sentence:
            assert min(map(len, study)) == 1
        if sentence.startswith("Runs that reconstruct"):
            [row] = correlations[correlations["second"].eq("reconstruction")].to_dict("records")
            assert row["p"] < 0.05
            assert ("worse" in sentence) == (row["rho"] > 0)
        if sentence.startswith("No measure that needs no labels"):
            free = correlations[correlations["second"].isin([*NAMES[2:], "kl", "reconstruction"])]
            p = free["p"].dropna()
            assert p.min() * len(p) >= 0.05


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20)
@given(study=STUDIES)
def test_missing_scores_yield_no_false_sentence(
    make_evidence: MakeEvidence, study: list[list[tuple[float, ...]]]
) -> None:
    means = [np.mean([seed[0] for seed in seeds]) for seeds in study]
    incomplete = any(map(isnan, means))
    for sentence in findings(_evidence(make_evidence, study)):
        if "has the highest mean" in sentence:
            best = np.nanargmax(means) + 1
            assert f"beta {best}" in sentence.partition(" has ")[0]
            assert sentence.startswith("Of the settings whose") == incomplete
        if sentence.startswith(("The luckiest", "Of the variance")):
            assert not incomplete


def test_every_kind_of_sentence_is_there_at_once(make_evidence: MakeEvidence) -> None:
    """In the order of the questions: who leads, by what, how surely, at what price."""
    names = [name for name in PROTOCOLS if PROTOCOLS[name].uses_factors]
    rng = np.random.default_rng(0)
    cells = [{"beta": beta, "seed": seed} for beta in (1.0, 4.0, 16.0) for seed in range(5)]
    runs = [{**cell, "reconstruction": rng.random(), "kl": rng.random()} for cell in cells]
    scores = [{**cell, "protocol": n, "value": rng.random()} for cell in cells for n in names]
    starts = [re.split(r"[ ,]", s)[0] for s in findings(make_evidence(runs=runs, scores=scores))]
    assert starts == ["beta", "Of", "The", "Between", "Of", "No"]
