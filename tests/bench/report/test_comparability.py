"""Scores of two directories are compared where they measure the same thing."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import pytest

from disbench.report.comparability import ASPECTS, aspects, comparable_rows, comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from disbench.evidence import Evidence

    MakeEvidence = Callable[..., Evidence]
    Row = Mapping[str, object]

OTHER_DATA = "1" * 64


@pytest.fixture
def both(make_evidence: MakeEvidence) -> Callable[..., Evidence]:
    """A run and its score in each of two directories; what is given differs in the second."""

    def make(*, runs: Row | None = None, scores: Row | None = None) -> Evidence:
        second: Row = {"source": "two"}
        return make_evidence(
            runs=[{"source": "one"}, {**second, **(runs or {})}],
            scores=[{"source": "one"}, {**second, **(scores or {})}],
        )

    return make


def _aspect(evidence: Evidence, name: str) -> tuple[str, str, str]:
    frame = aspects(evidence)
    [row] = frame[frame["aspect"].eq(name)].to_dict("records")
    return row["one"], row["two"], row["same"]


def test_what_is_alike_can_be_compared(both: Callable[..., Evidence]) -> None:
    evidence = both()
    [row] = comparable_rows(evidence).to_dict("records")
    assert (row["comparable"], row["differs"], row["setting"]) == (True, "", "4")
    assert (row["model"], row["beta"], row["protocol"]) == ("beta_vae", 4, "mig/exact")
    assert set(aspects(evidence)["same"]) == {"same"}
    assert list(comparison(evidence)) == [
        "The directories share 1 score of a setting by a protocol; 1 of these can be compared."
    ]


@pytest.mark.parametrize(
    ("runs", "scores", "differs"),
    [
        ({}, {"protocol_version": 2}, "protocol version (1 in one, 2 in two)"),
        ({}, {"grid": "coarse"}, "grid (tiny in one, coarse in two)"),
        ({}, {"data_sha256": OTHER_DATA}, "data (000000000000 in one, 111111111111 in two)"),
        ({}, {"precision": "bf16"}, "precision (fp32 in one, bf16 in two)"),
        ({"network": "fc"}, {}, "network (conv in one, fc in two)"),
        ({"latents": 6}, {}, "latents (10 in one, 6 in two)"),
        ({"steps": 300000}, {}, "steps (4 in one, 300000 in two)"),
        ({"batch_size": 128}, {}, "batch size (64 in one, 128 in two)"),
        ({"optimiser": "adagrad"}, {}, "optimiser (adam in one, adagrad in two)"),
        ({"learning_rate": 5e-4}, {}, "learning rate (0.001 in one, 0.0005 in two)"),
        ({"training_version": 2}, {}, "training version (1 in one, 2 in two)"),
        (
            {"latents": 6},
            {"grid": "coarse"},
            "grid (tiny in one, coarse in two); latents (10 in one, 6 in two)",
        ),
    ],
)
def test_what_differs_is_said(
    both: Callable[..., Evidence], runs: Row, scores: Row, differs: str
) -> None:
    evidence = both(runs=runs, scores=scores)
    [row] = comparable_rows(evidence).to_dict("records")
    assert (row["comparable"], row["differs"]) == (False, differs)
    [sentence] = comparison(evidence)
    assert "; 0 of these can be compared" in sentence


@pytest.mark.parametrize("column", ["torch", "device_name", "platform", "git_commit", "threads"])
def test_machines_may_differ(both: Callable[..., Evidence], column: str) -> None:
    """They move bits, and seldom more: said among the aspects, and no reason against."""
    value = 7 if column == "threads" else "another"
    evidence = both(runs={column: value}, scores={column: value})
    assert comparable_rows(evidence)["comparable"].tolist() == [True]
    name = column.replace("_", " ")
    assert _aspect(evidence, name)[1:] == (str(value), "differs")
    assert name not in ASPECTS
    [sentence] = comparison(evidence)
    assert "differ in" not in sentence


def test_the_sentence_says_what_the_directories_differ_in(both: Callable[..., Evidence]) -> None:
    evidence = both(runs={"latents": 6, "grid": "coarse"}, scores={"grid": "coarse"})
    assert list(comparison(evidence)) == [
        (
            "The directories share 1 score of a setting by a protocol; 0 of these can be compared; "
            "the directories differ in latents and grid."
        )
    ]


def test_only_what_both_have_is_compared(make_evidence: MakeEvidence, ae: Row) -> None:
    """By model, hyper-parameters, representation and protocol."""
    scores = [
        {"source": "one"},
        {"source": "two", "beta": 16.0},
        {"source": "one", "protocol": "dci/gbt"},
        {"source": "two", "protocol": "sap/kumar2018"},
        {"source": "one", "representation": "sampled"},
        {**ae, "source": "one"},
        {**ae, "source": "two"},
    ]
    runs = [{"source": s, **m} for s in ("one", "two") for m in ({}, {"beta": 16.0}, ae)]
    [row] = comparable_rows(make_evidence(runs=runs, scores=scores)).to_dict("records")
    assert (row["setting"], row["comparable"]) == ("ae", True)


def test_directories_that_share_nothing_say_so(make_evidence: MakeEvidence) -> None:
    runs = [{"source": "one"}, {"source": "two", "beta": 16.0}]
    evidence = make_evidence(runs=runs, scores=runs)
    assert comparable_rows(evidence).empty
    assert list(comparison(evidence)) == [
        "The directories share 0 scores of a setting by a protocol; 0 of these can be compared."
    ]


def test_runs_of_one_directory_may_differ_too(make_evidence: MakeEvidence) -> None:
    runs = [
        {"source": "one", "seed": 0, "steps": 500},
        {"source": "one", "seed": 1, "steps": 1000},
        {"source": "two", "seed": 0, "steps": 500},
    ]
    evidence = make_evidence(
        runs=runs, scores=[{**row, "value": 0.5 + row["seed"]} for row in runs]
    )
    assert _aspect(evidence, "steps") == ("500, 1000", "500", "differs")
    assert comparable_rows(evidence)["differs"].tolist() == ["steps (500, 1000 in one, 500 in two)"]


def test_what_is_unknown_is_a_dash(both: Callable[..., Evidence]) -> None:
    evidence = both(runs={"grid": None, "threads": None})
    assert _aspect(evidence, "grid") == ("tiny", "\u2013", "differs")
    assert _aspect(evidence, "threads") == ("1", "\u2013", "differs")
    assert _aspect(evidence, "git commit") == ("\u2013", "\u2013", "same")


def test_hashes_are_cut_to_their_beginning(both: Callable[..., Evidence]) -> None:
    evidence = both(runs={"git_commit": "abcdef0123456789" + "0" * 24, "data_sha256": OTHER_DATA})
    assert _aspect(evidence, "git commit") == ("\u2013", "abcdef012345", "differs")
    assert _aspect(evidence, "data") == ("000000000000", "111111111111", "differs")


def test_scores_that_are_missing_are_shared_all_the_same(both: Callable[..., Evidence]) -> None:
    assert comparable_rows(both(scores={"value": nan}))["comparable"].tolist() == [True]


def test_a_directory_of_failures_alone_shares_nothing(make_evidence: MakeEvidence) -> None:
    runs = [{"source": "one"}, {"source": "two", "status": "failed"}]
    evidence = make_evidence(runs=runs, scores=[{"source": "one"}])
    assert comparable_rows(evidence).empty
    assert _aspect(evidence, "network") == ("conv", "conv", "same")
