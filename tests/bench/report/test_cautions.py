"""A doubt is raised where the numbers give rise to it, and nowhere else."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import pytest

from disbench.metrics.protocols import PROTOCOLS
from disbench.report.cautions import SHOULD_BE_ONE, Caution, cautions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from disbench.evidence import Evidence

    MakeEvidence = Callable[..., Evidence]
    Row = Mapping[str, object]

FIVE_SEEDS = [{"seed": seed} for seed in range(5)]
GAPS: dict[str, object] = {"reconstruction": nan, "kl": nan, "elbo": nan, "active_dimensions": None}


def _said(evidence: Evidence, missing: Mapping[str, Sequence[str]] | None = None) -> dict[str, str]:
    """The texts by kind, each of which is there once."""
    found = cautions(evidence, missing or {})
    assert len({kind for kind, _ in found}) == len(found)
    return dict(found)


def _runs(rows: Iterable[Row], n: int = 5) -> list[Row]:
    """So many seeds of each of these rows."""
    return [{**row, "seed": seed} for row in rows for seed in range(n)]


def _factors(*shares: float) -> list[Row]:
    """A factor a share, as the five runs of beta 4 carry it."""
    return [
        {**row, "factor": f"f{k}", "share": s} for row in FIVE_SEEDS for k, s in enumerate(shares)
    ]


def test_where_all_is_well_there_is_no_doubt(make_evidence: MakeEvidence) -> None:
    evidence = make_evidence(
        runs=FIVE_SEEDS,
        scores=[{**row, "value": 0.5 + 0.01 * row["seed"]} for row in FIVE_SEEDS],
        factors=_factors(0.9, 0.9, 0.9, 0.9, 0.9),
    )
    assert cautions(evidence, {"results": []}) == []


def test_runs_that_several_directories_hold_are_counted(make_evidence: MakeEvidence) -> None:
    """One of the five that each directory has is the same run."""
    runs = [
        {"source": source, "seed": seed, "identity": f"{source if seed else 'both'} {seed}"}
        for source in ("a", "b")
        for seed in range(5)
    ]
    assert _said(make_evidence(runs=runs)) == {
        "runs counted twice": "1 run in more than one directory: what pools the directories, such "
        "as a rank correlation, looks surer than it is."
    }


def test_of_nothing_there_is_no_doubt(make_evidence: MakeEvidence) -> None:
    assert cautions(make_evidence(runs=[]), {}) == []


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (5, None),
        (
            4,
            (
                "Fewer than 5 finished seeds: beta 4 (4); with 4 seeds a 95 % bootstrap interval "
                "can cover the mean in at most 88 % of cases."
            ),
        ),
        (
            2,
            (
                "Fewer than 5 finished seeds: beta 4 (2); with 2 seeds a 95 % bootstrap interval "
                "can cover the mean in at most 50 % of cases."
            ),
        ),
        (1, "Fewer than 5 finished seeds: beta 4 (1); of one seed there is no interval."),
    ],
)
def test_few_seeds(make_evidence: MakeEvidence, n: int, text: str | None) -> None:
    """1 - 2^-3 is 87.5 %, 1 - 2^-1 half."""
    assert _said(make_evidence(runs=_runs([{}], n))).get("few seeds") == text


def test_seeds_that_failed_do_not_count(make_evidence: MakeEvidence) -> None:
    runs = [*FIVE_SEEDS[:4], {"seed": 4, "status": "failed", **GAPS}, *_runs([{"beta": 16.0}])]
    assert _said(make_evidence(runs=runs))["few seeds"].startswith(
        "Fewer than 5 finished seeds: beta 4 (4); with 4 seeds"
    )


def test_missing_runs_are_named(make_evidence: MakeEvidence) -> None:
    labels = ["ae, seed 3", "ae, seed 4"]
    assert _said(make_evidence(runs=FIVE_SEEDS), {"results": labels}) == {
        "missing runs": "2 runs of the study not finished: ae, seed 3 and ae, seed 4."
    }


def test_missing_runs_of_several_directories_are_told_apart(make_evidence: MakeEvidence) -> None:
    missing = {"one": ["ae, seed 3"], "two": [], "three": ["ae, seed 4"]}
    assert cautions(make_evidence(runs=FIVE_SEEDS), missing) == [
        Caution("missing runs", "1 run of the study not finished in one: ae, seed 3."),
        Caution("missing runs", "1 run of the study not finished in three: ae, seed 4."),
    ]


def test_runs_that_failed_or_diverged_are_named(
    make_evidence: MakeEvidence, ae: dict[str, object]
) -> None:
    runs = [
        *_runs([{}]),
        {**ae, **GAPS, "status": "failed", "seed": 0},
        {**ae, **GAPS, "status": "failed", "seed": 7},
        {"seed": 9, "status": "diverged", **GAPS},
    ]
    assert _said(make_evidence(runs=runs)) == {
        "failed runs": "2 runs failed: ae, seed 0 and ae, seed 7.",
        "diverged runs": "1 run diverged: the loss was no number: beta 4, seed 9.",
    }


@pytest.mark.parametrize("directories", [["one", "two"]])
def test_settings_of_two_directories_are_told_apart(
    make_evidence: MakeEvidence, directories: list[str]
) -> None:
    runs = [*_runs([{"source": directories[0]}]), *_runs([{"source": directories[1]}], 2)]
    assert _said(make_evidence(runs=runs))["few seeds"] == (
        "Fewer than 5 finished seeds: two: beta 4 (2); with 2 seeds a 95 % bootstrap interval can "
        "cover the mean in at most 50 % of cases."
    )


@pytest.mark.parametrize(
    ("protocol", "representation", "mean", "is_said"),
    [
        ("mig/exact", "mean", 0.98, True),
        ("mig/exact", "mean", 1.0, True),
        ("mig/exact", "mean", 0.979, False),
        ("mig/exact", "mean", nan, False),
        ("mig/exact", "sampled", 1.0, False),
        ("kl/gaussian", "mean", 1.0, False),
        ("total_correlation/locatello2019", "mean", 1.0, False),
        ("gone/2019", "mean", 1.0, False),
    ],
)
def test_saturated_metric(
    make_evidence: MakeEvidence, protocol: str, representation: str, mean: float, *, is_said: bool
) -> None:
    row = {"protocol": protocol, "representation": representation, "calibrated_mean": mean}
    evidence = make_evidence(runs=FIVE_SEEDS, summary=[{**row, "calibrated_low": mean}])
    opening = "98 % of the way from floor to ceiling, with little left to tell apart"
    text = f"{opening}: mig/exact (beta 4)."
    assert _said(evidence) == ({"saturated metric": text} if is_said else {})


@pytest.mark.parametrize(
    ("mean", "low", "is_said"),
    [
        (0.3, 0.001, False),
        (0.3, 0.0, True),
        (0.3, -0.1, True),
        (0.001, nan, False),
        (0.0, nan, True),
        (nan, nan, False),
    ],
)
def test_what_cannot_be_told_from_noise(
    make_evidence: MakeEvidence, mean: float, low: float, *, is_said: bool
) -> None:
    """By the lower end of the interval; by the score itself where one seed has no interval."""
    summary = [{"calibrated_mean": mean, "calibrated_low": low}]
    found = _said(make_evidence(runs=FIVE_SEEDS, summary=summary))
    text = "Not told apart from shuffled factors: mig/exact (beta 4)."
    assert found == ({"at the noise floor": text} if is_said else {})


def test_settings_at_the_floor_are_listed_by_protocol(
    make_evidence: MakeEvidence, ae: dict[str, object]
) -> None:
    summary = [
        {**model, "protocol": protocol, "calibrated_mean": 0.0, "calibrated_low": -0.1}
        for model in (ae, {})
        for protocol in ("mig/exact", "dci/gbt")
    ]
    evidence = make_evidence(runs=_runs([ae, {}]), summary=summary[:3])
    assert _said(evidence)["at the noise floor"] == (
        "Not told apart from shuffled factors: mig/exact (ae and beta 4); dci/gbt (ae)."
    )


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if PROTOCOLS[name].uses_factors])
def test_every_supervised_protocol_can_be_full(make_evidence: MakeEvidence, name: str) -> None:
    summary = [{"protocol": name, "calibrated_mean": 1.0, "calibrated_low": 1.0}]
    assert "saturated metric" in _said(make_evidence(runs=FIVE_SEEDS, summary=summary))


def test_collapsed_posterior_has_fewer_active_dimensions_than_factors(
    make_evidence: MakeEvidence,
) -> None:
    active = [5, 4, 3, 3, 6]
    runs = [{**row, "active_dimensions": n} for row, n in zip(FIVE_SEEDS, active, strict=True)]
    evidence = make_evidence(runs=runs, factors=_factors(0.9, 0.9, 0.9, 0.9, 0.9))
    assert _said(evidence) == {
        "few active dimensions": "Fewer active dimensions than the 5 factors: "
        "beta 4 (3 and 4 in 3 of 5 runs)."
    }


def test_as_many_active_dimensions_as_factors_are_no_collapse(make_evidence: MakeEvidence) -> None:
    runs = [{**row, "active_dimensions": 5} for row in FIVE_SEEDS]
    evidence = make_evidence(runs=runs, factors=_factors(0.9, 0.9, 0.9, 0.9, 0.9))
    assert _said(evidence) == {}


def test_what_has_no_posterior_does_not_collapse(
    make_evidence: MakeEvidence, ae: dict[str, object]
) -> None:
    runs = _runs([{**ae, "kl": nan, "elbo": nan, "active_dimensions": 1}])
    factors = [
        {**ae, "seed": seed, "factor": f, "share": 0.9} for seed in range(5) for f in "abcde"
    ]
    assert _said(make_evidence(runs=runs, factors=factors)) == {}


def test_few_active_dimensions_are_told_whatever_was_asked(make_evidence: MakeEvidence) -> None:
    """The grid has its factors also where no protocol asks which of them are carried."""
    runs = [{**row, "active_dimensions": 0} for row in FIVE_SEEDS]
    assert _said(make_evidence(runs=runs)) == {
        "few active dimensions": "Fewer active dimensions than the 5 factors: "
        "beta 4 (0 in 5 of 5 runs)."
    }


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.1, None),
        (0.0999, "No dimension tells 10 % of their entropy: beta 4 (f1 in 5 of 5 runs)."),
    ],
)
def test_lost_factors(make_evidence: MakeEvidence, share: float, text: str | None) -> None:
    evidence = make_evidence(runs=FIVE_SEEDS, factors=_factors(0.9, share))
    assert _said(evidence).get("factors that no dimension carries") == text


def test_lost_factors_are_counted_by_setting(
    make_evidence: MakeEvidence, ae: dict[str, object]
) -> None:
    factors = [
        {"seed": 0, "factor": "shape", "share": 0.0},
        {"seed": 0, "factor": "posX", "share": 0.05},
        {"seed": 1, "factor": "shape", "share": 0.02},
        {"seed": 1, "factor": "posX", "share": 0.5},
        {**ae, "factor": "shape", "share": 0.05},
        {**ae, "factor": "posX", "share": 0.5},
    ]
    evidence = make_evidence(runs=_runs([ae, {}]), factors=factors)
    assert _said(evidence) == {
        "factors that no dimension carries": "No dimension tells 10 % of their entropy: "
        "ae (shape in 1 of 1 runs); beta 4 (shape in 2 and posX in 1 of 2 runs)."
    }


def test_of_many_settings_that_lose_factors_the_first_are_named(
    make_evidence: MakeEvidence,
) -> None:
    betas: list[dict[str, object]] = [{"beta": float(beta)} for beta in range(2, 10)]
    factors = [{**beta, "factor": "shape", "share": 0.0} for beta in betas]
    evidence = make_evidence(runs=_runs(betas), factors=factors)
    text = _said(evidence)["factors that no dimension carries"]
    assert "beta 7 (shape in 1 of 1 runs); and 2 more settings." in text
    assert "beta 8" not in text


@pytest.mark.parametrize(
    ("column", "values", "kind", "text"),
    [
        ("precision", ("fp32", "bf16"), "mixed precision", "fp32 (4 runs) and bf16 (1 run)."),
        ("steps", (1000, 500), "mixed steps", "1000 (4 runs) and 500 (1 run)."),
        ("grid", ("coarse", "tiny"), "mixed grid", "coarse (4 runs) and tiny (1 run)."),
        ("torch", ("2.13.0", "2.4.0"), "mixed torch", "2.13.0 (4 runs) and 2.4.0 (1 run)."),
        ("device_name", ("CPU", "GPU"), "mixed device name", "CPU (4 runs) and GPU (1 run)."),
        ("threads", (1, 2), "mixed threads", "1 (4 runs) and 2 (1 run)."),
    ],
)
def test_mixed_runs(
    make_evidence: MakeEvidence,
    column: str,
    values: tuple[object, object],
    kind: str,
    text: str,
) -> None:
    runs = [{**row, column: values[row["seed"] == 4]} for row in FIVE_SEEDS]
    assert _said(make_evidence(runs=runs)) == {kind: text}


def test_a_value_that_is_not_known_is_no_other_value(make_evidence: MakeEvidence) -> None:
    """A run that failed has no device, and was not scored on a grid."""
    lost = dict.fromkeys(set(SHOULD_BE_ONE) - {"precision", "steps"})
    runs = [*FIVE_SEEDS, {**GAPS, **lost, "seed": 5, "status": "failed"}]
    assert _said(make_evidence(runs=runs)).keys() == {"failed runs"}


def test_runs_that_went_on_on_another_machine_are_named(make_evidence: MakeEvidence) -> None:
    runs = [
        {**row, "resumed_from": "device_name A" if row["seed"] < 2 else None} for row in FIVE_SEEDS
    ]
    assert _said(make_evidence(runs=runs)) == {
        "trained in parts": "2 runs went on from a checkpoint that was written with device_name A: "
        "no one machine gives these bits."
    }


def test_commits_may_differ(make_evidence: MakeEvidence) -> None:
    runs = [{**row, "git_commit": f"{row['seed']:040}"} for row in FIVE_SEEDS]
    assert _said(make_evidence(runs=runs)) == {}


def test_mixed_protocol_versions(make_evidence: MakeEvidence) -> None:
    versions = [2, 1, 3, 2, 2]
    pairs = zip(FIVE_SEEDS, versions, strict=True)
    scores = [{**row, "value": 0.5 + 0.01 * v, "protocol_version": v} for row, v in pairs]
    others = [
        {**row, "value": 0.5 + 0.01 * row["seed"], "protocol": "dci/gbt"} for row in FIVE_SEEDS
    ]
    assert _said(make_evidence(runs=FIVE_SEEDS, scores=[*scores, *others])) == {
        "mixed protocol versions": "mig/exact has versions 1, 2 and 3."
    }


def test_scores_that_were_found_by_several_libraries_are_mixed(make_evidence: MakeEvidence) -> None:
    """Training leaves no trace of what a score was computed with, so that is looked at too."""
    scores = [
        {
            **row,
            "value": 0.5 + 0.01 * row["seed"],
            "scikit_learn": ("1.5.0", "1.9.1")[row["seed"] > 2],
        }
        for row in FIVE_SEEDS
    ]
    assert _said(make_evidence(runs=FIVE_SEEDS, scores=scores)) == {
        "mixed scikit learn": "1.5.0 (3 scores) and 1.9.1 (2 scores)."
    }


def test_scores_may_be_found_on_another_device(make_evidence: MakeEvidence) -> None:
    """Groups of runs are scored on a CPU wherever the runs were."""
    scores = [
        {**row, "value": 0.5 + 0.01 * row["seed"], "device": ("cuda", "cpu")[row["seed"] > 2]}
        for row in FIVE_SEEDS
    ]
    assert _said(make_evidence(runs=FIVE_SEEDS, scores=scores)) == {}
