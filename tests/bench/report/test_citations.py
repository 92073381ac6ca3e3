"""Whoever thought of what a report holds is named in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from disbench import __version__
from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS
from disbench.models.networks import NETWORKS
from disbench.models.objectives import OBJECTIVES
from disbench.report.citations import VARIANTS, Citation, citations

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.evidence import Evidence

    MakeEvidence = Callable[..., Evidence]

ALWAYS = {"dSprites", "intervals", "disbench"}


def _cited(evidence: Evidence) -> dict[str, str]:
    return dict(citations(evidence.tables))


@pytest.mark.parametrize("name", [*PROTOCOLS, *GROUP_PROTOCOLS])
def test_every_protocol_has_a_citation(make_evidence: MakeEvidence, name: str) -> None:
    text = _cited(make_evidence(scores=[{"protocol": name}]))[name]
    assert text == {**PROTOCOLS, **GROUP_PROTOCOLS}[name].citation
    assert any(character.isdigit() for character in text)  # the year


@pytest.mark.parametrize("name", ["colour", "noisy", "correlated"])
def test_variant_of_dsprites_is_cited_beside_it(make_evidence: MakeEvidence, name: str) -> None:
    cited = _cited(make_evidence(runs=[{"data_source": name}]))
    assert cited[f"data {name}"] == VARIANTS[name]
    assert "dSprites" in cited


def test_dsprites_are_not_cited_for_images_of_other_factors(make_evidence: MakeEvidence) -> None:
    evidence = make_evidence(runs=[{"data_source": "shapes.h5"}])
    assert {c.of for c in citations(evidence.tables, of_dsprites=False)} == {
        "beta_vae",
        "network conv",
        *ALWAYS - {"dSprites"},
    }


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_has_a_citation(make_evidence: MakeEvidence, name: str) -> None:
    text = _cited(make_evidence(runs=[{"model": name}]))[name]
    assert text == OBJECTIVES[name].citation
    assert text[-4:].isdigit()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_citation(make_evidence: MakeEvidence, name: str) -> None:
    text = _cited(make_evidence(runs=[{"network": name}]))[f"network {name}"]
    assert text == NETWORKS[name].citation
    assert text[-4:].isdigit()


def test_what_a_report_does_not_hold_is_not_cited(make_evidence: MakeEvidence) -> None:
    assert _cited(make_evidence()).keys() == {*ALWAYS, "beta_vae", "network conv"}
    assert _cited(make_evidence(runs=[])).keys() == ALWAYS


def test_each_is_cited_once(make_evidence: MakeEvidence) -> None:
    runs = [{"seed": seed} for seed in range(3)]
    scores = [{"seed": seed, "protocol": p} for seed in range(3) for p in ("mig/exact", "dci/gbt")]
    found = citations(make_evidence(runs=runs, scores=scores).tables)
    assert [of for of, _ in found] == [
        "dSprites",
        "mig/exact",
        "dci/gbt",
        "beta_vae",
        "network conv",
        "intervals",
        "disbench",
    ]


def test_a_protocol_that_is_no_more_is_left_out(make_evidence: MakeEvidence) -> None:
    assert "mig/gone" not in _cited(make_evidence(scores=[{"protocol": "mig/gone"}]))


def test_the_version_of_this_package_is_cited(make_evidence: MakeEvidence) -> None:
    said = f"disbench {__version__}: a benchmark of disentangled representations"
    assert citations(make_evidence().tables)[-1] == Citation("disbench", said)
