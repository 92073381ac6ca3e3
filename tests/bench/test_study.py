"""A study is validated whole, and expands to the runs of its grid."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from disbench.errors import StudyError
from disbench.models.baselines import BASELINES
from disbench.study_files import parse_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.study import Study

Content = dict[str, Any]
AE = {"name": "ae"}
VAE = {"name": "vae"}


def _beta_vae(*beta: object, **others: object) -> Content:
    return {"name": "beta_vae", "beta": list(beta), **others}


def _refusal(content: Content) -> str:
    with pytest.raises(StudyError) as refused:
        parse_study(content, source="here")
    first, *lines = str(refused.value).splitlines()
    assert first == "the study here cannot be run:"
    return "\n".join(line.strip() for line in lines)


def test_grid_is_every_combination_with_seeds_innermost(
    make_study: Callable[..., Study],
) -> None:
    study = make_study(objectives=[_beta_vae(1, 4), AE], seeds=[7, 3])
    runs = study.runs(precision="fp32", data_sha256="00")
    assert [(run.objective, dict(run.hyperparameters), run.seed) for run in runs] == [
        ("beta_vae", {"beta": 1.0}, 7),
        ("beta_vae", {"beta": 1.0}, 3),
        ("beta_vae", {"beta": 4.0}, 7),
        ("beta_vae", {"beta": 4.0}, 3),
        ("ae", {}, 7),
        ("ae", {}, 3),
    ]
    assert study.n_runs == 6


def test_runs_have_the_settings_of_the_study(make_study: Callable[..., Study]) -> None:
    [run] = make_study(objectives=[VAE]).runs(precision="bf16", data_sha256="ab")
    assert (run.network, run.latents, run.steps, run.batch_size) == ("conv", 3, 4, 8)
    assert (run.optimiser, run.learning_rate) == ("adam", 1e-3)
    assert (run.precision, run.data_sha256) == ("bf16", "ab")


def test_evaluation_and_name_are_no_part_of_a_run(make_study: Callable[..., Study]) -> None:
    others = make_study(
        name="other", description="x", evaluation={"grid": "full", "save_codes": True}
    )
    runs = [study.runs(precision="fp32", data_sha256="") for study in (make_study(), others)]
    assert runs[0] == runs[1]


def test_defaults_are_those_of_study_v1() -> None:
    study = parse_study({"name": "x", "objectives": [AE]}, source="")
    assert study.seeds == (0,)
    assert study.data == "rendered"
    assert (study.model.network, study.model.latents) == ("conv", 10)
    assert study.training.model_dump() == {
        "steps": 300_000,
        "batch_size": 64,
        "optimiser": "adam",
        "learning_rate": 1e-4,
        "precision": "auto",
    }
    assert study.evaluation.grid == "full"


def test_count_of_seeds_stands_for_the_first_ones(make_study: Callable[..., Study]) -> None:
    assert make_study(seeds=3).seeds == (0, 1, 2)


def test_whole_number_and_fraction_are_one_run(make_study: Callable[..., Study]) -> None:
    """4 and 4.0 in a file are the same beta, so they must have the same identity."""
    identities = {
        make_study(objectives=[_beta_vae(beta)], training={"learning_rate": rate})
        .runs(precision="fp32", data_sha256="")[0]
        .identity
        for beta, rate in ((4, 1), (4.0, 1.0))
    }
    assert len(identities) == 1


def test_a_study_is_frozen(make_study: Callable[..., Study]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_study().name = "other"


def test_baselines_come_first_with_every_seed(make_study: Callable[..., Study]) -> None:
    study = make_study(baselines=["untrained", "pca"], objectives=[AE], seeds=[7, 3])
    runs = study.runs(precision="fp32", data_sha256="00")
    assert [(run.objective, run.seed, run.steps) for run in runs] == [
        ("untrained", 7, 0),
        ("untrained", 3, 0),
        ("pca", 7, 0),
        ("pca", 3, 0),
        ("ae", 7, 4),
        ("ae", 3, 4),
    ]
    assert study.n_runs == 6
    assert len({run.identity for run in runs}) == 6


def test_baselines_do_not_change_what_is_trained(make_study: Callable[..., Study]) -> None:
    alone = make_study().runs(precision="fp32", data_sha256="00")
    beside = make_study(baselines=list(BASELINES)).runs(precision="fp32", data_sha256="00")
    assert beside[len(BASELINES) :] == alone


def test_study_of_baselines_needs_no_objective(make_study: Callable[..., Study]) -> None:
    [run] = make_study(baselines=["factors"], objectives=[]).runs(precision="fp32", data_sha256="")
    assert run.is_baseline


WITH_SEVERAL_AT_ONCE = {
    "beta_tc_vae": {"beta": 4},
    "beta_tc_vae_mss": {"beta": 4},
    "dip_vae_i": {"lambda_od": 1},
    "dip_vae_ii": {"lambda_od": 1},
    "factor_vae": {"gamma": 10},
}


@pytest.mark.parametrize("name", WITH_SEVERAL_AT_ONCE)
def test_batch_of_one_is_refused_where_several_are_looked_at(
    name: str, study_content: Callable[..., Content]
) -> None:
    objectives = [AE, {"name": name, **WITH_SEVERAL_AT_ONCE[name]}]
    content = study_content(objectives=objectives, training={"batch_size": 1})
    expected = f"training.batch_size: got 1; {name} looks at 2 or more at once"
    assert _refusal(content).removeprefix("the grid: ") == expected


def test_batch_of_two_and_one_of_other_objectives_will_do(
    make_study: Callable[..., Study],
) -> None:
    several = [{"name": name, **given} for name, given in WITH_SEVERAL_AT_ONCE.items()]
    assert make_study(objectives=several, training={"batch_size": 2}).n_runs == 5
    others = [
        AE,
        VAE,
        {"name": "beta_vae", "beta": 4},
        {"name": "cci_vae", "capacity": 5},
        {"name": "info_vae", "lambda_mmd": 10},
        {"name": "ada_gvae", "beta": 1},
    ]
    assert make_study(objectives=others, training={"batch_size": 1}).n_runs == 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"speed": 1}, "speed: there is no such key"),
        ({"training": {"epochs": 3}}, "training.epochs: there is no such key"),
        ({"training": {"steps": 1.0}}, "training.steps: got 1.0; input should be a valid integer"),
        ({"training": {"steps": True}}, "training.steps: got True; input should be a valid"),
        ({"training": {"steps": "4"}}, "training.steps: got '4'; input should be a valid"),
        ({"training": {"steps": 0}}, "training.steps: got 0; input should be greater than or"),
        ({"training": {"steps": 2**63}}, "training.steps: got 9223372036854775808; input"),
        ({"training": {"batch_size": 0}}, "training.batch_size: got 0;"),
        ({"training": {"batch_size": 65_537}}, "training.batch_size: got 65537;"),
        ({"training": {"learning_rate": 0}}, "training.learning_rate: got 0; input should be gr"),
        ({"training": {"learning_rate": -1e-4}}, "training.learning_rate: got -0.0001;"),
        (
            {"training": {"learning_rate": nan}},
            "training.learning_rate: got nan; input should be a",
        ),
        (
            {"training": {"learning_rate": inf}},
            "training.learning_rate: got inf; input should be a",
        ),
        ({"training": {"learning_rate": True}}, "training.learning_rate: got True;"),
        ({"training": {"learning_rate": "1e-4"}}, "training.learning_rate: got '1e-4';"),
        ({"training": {"optimiser": "sgd"}}, "training.optimiser: there is no 'sgd'; expected one"),
        ({"training": {"precision": "fp16"}}, "training.precision: got 'fp16'; input should be"),
        ({"training": 3}, "training: got 3; input should be a valid dictionary"),
        ({"model": {"network": "mlp"}}, "model.network: there is no 'mlp'; expected one of conv, "),
        ({"model": {"latents": 0}}, "model.latents: got 0;"),
        ({"model": {"latents": 1025}}, "model.latents: got 1025;"),
        ({"model": {"latents": 10.0}}, "model.latents: got 10.0;"),
        ({"evaluation": {"grid": "fine"}}, "evaluation.grid: there is no 'fine'; expected one of"),
        ({"evaluation": {"protocols": []}}, "evaluation.protocols: got [];"),
        (
            {"evaluation": {"protocols": ["mig/exakt"]}},
            "evaluation.protocols: no protocol is called 'mig/exakt'; the nearest are mig/exact",
        ),
        (
            {"evaluation": {"protocols": ["mig/locatello2019"]}},
            "evaluation: mig/locatello2019 needs 10,000 images; the grid 'tiny' has 1,440",
        ),
        (
            {"data": "correlated", "evaluation": {"protocols": ["mig/locatello2019"]}},
            "evaluation: mig/locatello2019 needs 10,000 images; the grid 'tiny' has 1,440",
        ),
        ({"evaluation": {"save_codes": 1}}, "evaluation.save_codes: got 1; input should be a val"),
        ({"data": ""}, "data: got '';"),
        ({"description": 4}, "description: got 4;"),
        ({"seeds": 0}, "seeds: got 0; a study has 1 to 100,000 seeds"),
        ({"seeds": -3}, "seeds: got -3;"),
        ({"seeds": 10**9}, "seeds: got 1000000000; a study has 1 to 100,000 seeds"),
        ({"seeds": True}, "seeds: got True;"),
        ({"seeds": 1.5}, "seeds: got 1.5;"),
        ({"seeds": []}, "seeds: got [];"),
        ({"seeds": [0, -1]}, "seeds[1]: got -1; input should be greater than or equal to 0"),
        ({"seeds": [0, 2**63]}, "seeds[1]: got 9223372036854775808;"),
        ({"seeds": [0, True]}, "seeds[1]: got True;"),
        ({"seeds": [3, 1, 3]}, "seeds: 3 is there 2 times; leave it in once"),
        ({"objectives": []}, "objectives: there are none, and no baselines;"),
        ({"objectives": AE}, "objectives: got {'name': 'ae'};"),
        ({"objectives": ["ae"]}, "objectives[0]: got 'ae';"),
        ({"objectives": [AE, {}]}, "objectives[1].name: is missing, and has no default"),
        ({"objectives": [{"name": "gan"}]}, "objectives[0].name: there is no 'gan'; expected one"),
        (
            {"objectives": [AE, {"name": "beta_vae"}]},
            "objectives[1]: beta_vae has the hyper-parameters beta; the study gives no hyper-",
        ),
        (
            {"objectives": [{"name": "ae", "beta": 1}]},
            "objectives[0]: ae has no hyper-parameters; the study gives the hyper-parameters beta",
        ),
        (
            {"objectives": [_beta_vae(1, gamma=[3])]},
            "objectives[0]: beta_vae has the hyper-parameters beta; the study gives the hyper-",
        ),
        ({"objectives": [_beta_vae()]}, "objectives[0].beta: got [];"),
        (
            {"objectives": [_beta_vae(1, nan)]},
            "objectives[0].beta[1]: got nan; input should be a f",
        ),
        ({"objectives": [_beta_vae(inf)]}, "objectives[0].beta[0]: got inf;"),
        ({"objectives": [_beta_vae(True)]}, "objectives[0].beta[0]: got True;"),
        ({"objectives": [_beta_vae("1")]}, "objectives[0].beta[0]: got '1';"),
        ({"objectives": [_beta_vae([1])]}, "objectives[0].beta[0]: got [1];"),
        ({"objectives": [_beta_vae(1, -1)]}, "objectives[0]: beta is -1.0; expected a finite"),
        (
            {"evaluation": {"representations": ["mean", "mean"]}},
            "evaluation: representations: mean is there 2 times; leave it in once",
        ),
        (
            {"baselines": ["svd"]},
            "baselines[0]: there is no 'svd'; expected one of factors, pixels",
        ),
        ({"baselines": ["ae"]}, "baselines[0]: there is no 'ae'"),
        ({"baselines": ["pca", "ica", "pca"]}, "baselines: pca is there 2 times; leave it in once"),
        ({"objectives": [{"name": "pca"}]}, "objectives[0].name: there is no 'pca'; expected one"),
        ({"objectives": [AE, AE]}, "objectives: ae is there 2 times; leave it in once"),
        ({"objectives": [_beta_vae(4, 1, 4.0)]}, "objectives: beta_vae beta = 4 is there 2 times;"),
        ({"objectives": [_beta_vae(0.0, -0.0)]}, "objectives: beta_vae beta = 0 is there 2 times;"),
        (
            {"objectives": [_beta_vae(4, 1), VAE]},
            "objectives: beta_vae beta = 1 (the VAE) is there 2 times; leave it in once",
        ),
        (
            {"objectives": [_beta_vae(*range(50_000))], "seeds": 3},
            "the grid has 150,000 runs; at most 100,000 will do",
        ),
        (
            {"objectives": [_beta_vae(*range(100_000))], "seeds": 100_000},
            "the grid has 10,000,000,000 runs; at most 100,000 will do",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_by_its_key(
    changes: Content, message: str, study_content: Callable[..., Content]
) -> None:
    content = study_content()
    for key, value in changes.items():
        merges = isinstance(value, dict) and isinstance(content.get(key), dict)
        content[key] = content[key] | value if merges else value
    refusal = _refusal(content).removeprefix("the grid: ")
    assert refusal.startswith(message)
    assert "\n" not in refusal, "one fault has one line"


@pytest.mark.parametrize(
    "name", ["../../x", "a/b", "", ".", "..", "-x", "A", "x" * 65, "a b", "x\n", "ä", "x\0"]
)
def test_name_that_is_no_plain_folder_name_is_refused(
    name: str, study_content: Callable[..., Content]
) -> None:
    assert _refusal(study_content(name=name)).startswith(f"name: got {name!r}"[:20])


@pytest.mark.parametrize("name", ["x", "0", "quick_2-b", "x" * 64])
def test_plain_folder_name_is_taken(name: str, make_study: Callable[..., Study]) -> None:
    assert make_study(name=name).name == name


@pytest.mark.parametrize("key", ["name"])
def test_missing_key_is_named(key: str, study_content: Callable[..., Content]) -> None:
    content = study_content()
    del content[key]
    assert _refusal(content) == f"{key}: is missing, and has no default"


def test_all_faults_are_told_at_once(study_content: Callable[..., Content]) -> None:
    content = study_content(seeds=0, training={"steps": 0}, model={"network": "mlp"})
    assert [line.split(":")[0] for line in _refusal(content).splitlines()] == [
        "seeds",
        "model.network",
        "training.steps",
    ]


def test_long_and_deep_values_are_cut_short(study_content: Callable[..., Content]) -> None:
    deep: Content = {}
    for _ in range(100_000):
        deep = {"a": deep}
    for value in (deep, "x" * 100_000, [["y"] * 1000] * 1000):
        refusal = _refusal(study_content(training={"steps": value}))
        assert refusal.startswith("training.steps: got ")
        assert len(refusal) < 1000


def test_as_many_runs_as_allowed_are_taken(make_study: Callable[..., Study]) -> None:
    assert make_study(objectives=[_beta_vae(*range(50_000))], seeds=2).n_runs == 100_000
