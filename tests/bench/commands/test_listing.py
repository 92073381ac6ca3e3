"""What is shipped is listed with where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from disbench.metrics.protocols import PROTOCOLS
from disbench.models.baselines import BASELINES
from disbench.models.objectives import OBJECTIVES
from disbench.study_files import shipped_studies

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., Any]


def test_studies_are_listed_with_their_size(disbench: Command) -> None:
    called = disbench("studies")
    assert called.code == 0
    rows = {line.split()[0]: line.split()[1:3] for line in called.output.splitlines() if line[0:1]}
    assert rows["locatello2019"] == ["1800", "300,000"]  # 6 objectives, 6 settings, 50 seeds
    assert rows["higgins2017"] == ["210", "300,000"]
    assert rows["tradeoff"] == ["15", "345,600"]
    assert rows["smoke"] == ["14", "100"]
    assert set(shipped_studies()) <= rows.keys()


def test_objectives_and_baselines_are_listed_with_their_hyperparameters(disbench: Command) -> None:
    called = disbench("objectives")
    assert called.code == 0
    lines = [line.strip() for line in called.output.splitlines()]
    assert [name for name in lines if name in OBJECTIVES] == list(OBJECTIVES)
    assert {f"{name}  baseline" for name in BASELINES} <= set(lines)
    at = lines.index("cci_vae")
    assert lines[at + 2 : at + 4] == [
        "capacity, gamma = 1000, ramp = 100000",
        "Burgess et al. 2018",
    ]


def test_protocols_are_listed_with_their_papers(disbench: Command) -> None:
    called = disbench("protocols")
    assert called.code == 0
    lines = called.output.splitlines()
    for protocol in PROTOCOLS.values():
        assert any(line.startswith(f"{protocol.name}  ") for line in lines)
    assert "Chen et al., Isolating sources of disentanglement" in called.output
    assert "n_bins" not in called.output


def test_protocol_shows_all_that_is_frozen(disbench: Command) -> None:
    called = disbench("protocols", "mig/locatello2019")
    assert called.code == 0
    lines = [line.strip() for line in called.output.splitlines()]
    assert lines[0] == "mig/locatello2019  0 to 1, seconds"
    assert {"n_points = 10000", "n_bins = 20", "version 1; needs 10,000 rows"} <= set(lines)
    assert "mig/exact" not in lines


def test_protocols_are_chosen_by_pattern(disbench: Command) -> None:
    names = [
        line.split()[0]
        for line in disbench("protocols", "mig/*").output.splitlines()
        if not line.startswith(" ")
    ]
    assert names == [name for name in PROTOCOLS if name.startswith("mig/")]


@pytest.mark.parametrize("name", ["mig/exakt", "[red]mig"])
def test_unknown_protocol_is_refused(name: str, disbench: Command) -> None:
    called = disbench("protocols", name)
    assert called.code == 2
    assert called.output == ""
    assert called.errors.startswith(f"error: no protocol is called {name!r}; the nearest are ")
