"""Values of hyper-parameters are combined; those that a study leaves out have their defaults."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from disbench.errors import StudyError
from disbench.models.objectives import OBJECTIVES
from disbench.study_files import parse_study, to_toml

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.study import Study

Content = dict[str, Any]


def test_single_value_stands_for_a_list(make_study: Callable[..., Study]) -> None:
    [objective] = make_study(objectives=[{"name": "beta_vae", "beta": 4}]).objectives
    assert objective.hyperparameters == {"beta": (4.0,)}


def test_hyperparameters_that_are_left_out_have_their_defaults(
    study_content: Callable[..., Content],
) -> None:
    content = study_content(objectives=[{"name": "cci_vae", "ramp": [5, 7], "capacity": 25}])
    study = parse_study(content, source="tiny")
    [grid] = study.objectives
    assert list(grid.hyperparameters.items()) == [
        ("capacity", (25.0,)),
        ("gamma", (1000.0,)),
        ("ramp", (5.0, 7.0)),
    ]
    assert parse_study(tomllib.loads(to_toml(study)), source="again") == study
    given = study.runs(precision="fp32", data_sha256="")
    assert [run.setting for run in given[:: len(study.seeds)]] == [
        "cci_vae, capacity 25, ramp 5",
        "cci_vae, capacity 25, ramp 7",
    ]
    assert given[0].written == "capacity=25 ramp=5"


def test_default_that_is_written_out_is_the_same_run(
    study_content: Callable[..., Content],
) -> None:
    objectives = ({"name": "factor_vae", "gamma": 6}, {"name": "cci_vae", "capacity": 5})
    written = (objectives[0], {"name": "cci_vae", "gamma": 1000, "ramp": 1e5, "capacity": 5})
    runs = [
        parse_study(study_content(objectives=list(o)), source="s").runs(
            precision="fp32", data_sha256=""
        )
        for o in (objectives, written)
    ]
    assert [run.identity for run in runs[0]] == [run.identity for run in runs[1]]


def test_main_hyperparameter_has_to_be_given(study_content: Callable[..., Content]) -> None:
    content = study_content(objectives=[{"name": "cci_vae", "gamma": 5}])
    message = "cci_vae has the hyper-parameters capacity, gamma, ramp; the study gives the hyper-"
    with pytest.raises(StudyError, match=message):
        parse_study(content, source="tiny")


def test_grid_beyond_counting_is_refused_before_it_is_made(
    make_study: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True)
    class Many:
        a: float
        b: float
        c: float
        d: float

    monkeypatch.setitem(OBJECTIVES, "many", Many)  # type: ignore[arg-type]
    values = list(range(1000))
    grid = {"name": "many", "a": values, "b": values, "c": values, "d": values}
    with pytest.raises(StudyError, match="the grid has 1,000,000,000,000 runs; at most 100,000"):
        make_study(objectives=[grid])
