"""A run's identity is the hash of its definition, and of nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, fields, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from disbench.models.baselines import BASELINES
from disbench.models.objectives import AE, VAE, BetaVAE
from disbench.records import Failure
from disbench.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES: dict[str, object] = {
    "objective": "other",
    "hyperparameters": {"beta": 4.5},
    "seed": 1,
    "network": "fc",
    "latents": 4,
    "steps": 5,
    "batch_size": 9,
    "optimiser": "adagrad",
    "learning_rate": 1.1e-3,
    "precision": "bf16",
    "data_sha256": "1" * 64,
    "training_version": 0,
}


def test_identity_is_the_same_for_ever(make_run: Callable[..., Run]) -> None:
    run = make_run(training_version=1)
    assert run.identity == "089e0d4c8ef1289ab906aeae0588b1659d285b8085f711b08bfedd1e1e93efe1"


def test_every_part_of_a_definition_is_in_the_identity(make_run: Callable[..., Run]) -> None:
    assert CHANGES.keys() == {field.name for field in fields(Run)}
    identities = {make_run(**{name: value}).identity for name, value in CHANGES.items()}
    assert len(identities | {make_run().identity}) == len(CHANGES) + 1


def test_identity_does_not_depend_on_the_order_of_hyperparameters(
    make_run: Callable[..., Run],
) -> None:
    one = make_run(hyperparameters={"beta": 4.0, "gamma": 2.0})
    other = make_run(hyperparameters={"gamma": 2.0, "beta": 4.0})
    assert one.identity == other.identity


@pytest.mark.parametrize(
    ("changes", "name", "label"),
    [
        ({}, "beta_vae-beta4-seed0", "beta_vae, beta 4, seed 0"),
        (
            {"hyperparameters": {"beta": 0.5}},
            "beta_vae-beta0.5-seed0",
            "beta_vae, beta 0.5, seed 0",
        ),
        ({"objective": "ae", "hyperparameters": {}, "seed": 12}, "ae-seed12", "ae, seed 12"),
    ],
)
def test_id_and_label_are_readable(
    changes: dict[str, object], name: str, label: str, make_run: Callable[..., Run]
) -> None:
    run = make_run(**changes)
    assert run.id == f"{name}-{run.identity[:12]}"
    assert run.label == label


def test_a_run_brings_its_objective(make_run: Callable[..., Run]) -> None:
    assert make_run().with_hyperparameters() == BetaVAE(4.0)
    assert make_run(objective="vae", hyperparameters={}).with_hyperparameters() == VAE()
    assert make_run(objective="ae", hyperparameters={}).with_hyperparameters() == AE()


def test_beta_is_that_of_the_objective(make_run: Callable[..., Run]) -> None:
    assert make_run().beta == 4
    assert make_run(objective="vae", hyperparameters={}).beta == 1
    assert make_run(objective="ae", hyperparameters={}).beta is None


@pytest.mark.parametrize(
    ("objective", "hyperparameters", "weight"),
    [
        ("beta_vae", {"beta": 4.0}, 4),
        ("vae", {}, 1),
        ("ada_gvae", {"beta": 2.0}, 2),
        ("ae", {}, None),
        ("beta_tc_vae", {"beta": 4.0}, None),
        ("beta_tc_vae_mss", {"beta": 4.0}, None),
        ("cci_vae", {"capacity": 25.0}, None),
        ("factor_vae", {"gamma": 10.0}, None),
        ("dip_vae_i", {"lambda_od": 1.0}, None),
        ("dip_vae_ii", {"lambda_od": 1.0}, None),
        ("info_vae", {"lambda_mmd": 10.0}, None),
        ("pca", {}, None),
    ],
)
def test_beta_weighs_the_whole_kl_of_some(
    objective: str, hyperparameters: dict[str, float], weight: float, make_run: Callable[..., Run]
) -> None:
    """That of the beta-TCVAE weighs the total correlation alone."""
    assert make_run(objective=objective, hyperparameters=hyperparameters).weight_of_kl == weight


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_is_a_run_without_steps(name: str, make_run: Callable[..., Run]) -> None:
    run = make_run(objective=name, hyperparameters={}, steps=0)
    failure = Failure(run=run, error="", traceback="")
    assert Failure.model_validate_json(failure.model_dump_json()).run == run
    assert (run.id, run.label) == (f"{name}-seed0-{run.identity[:12]}", f"{name}, seed 0")
    assert (run.is_baseline, run.beta) == (True, None)
    assert (run.is_variational, run.is_wide) == (name == "untrained", name == "pixels")


def test_what_is_trained_is_no_baseline(make_run: Callable[..., Run]) -> None:
    assert not make_run().is_baseline
    assert not make_run(latents=1024).is_wide


def test_a_run_is_frozen(make_run: Callable[..., Run]) -> None:
    run = make_run()
    with pytest.raises(FrozenInstanceError):
        run.seed = 1  # type: ignore[misc]
    assert replace(run, seed=1).identity != run.identity


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"objective": "gan"},
            "there is no 'gan'; expected one of factors, .*untrained, ae, vae, beta_vae",
        ),
        ({"objective": "../../etc"}, "there is no '../../etc'"),
        ({"hyperparameters": {"gamma": 2}}, "do not fit beta_vae: .* unexpected keyword .*'gamma'"),
        ({"hyperparameters": {}}, "do not fit beta_vae: .* missing 1 required .*'beta'"),
        ({"hyperparameters": {"beta": -1}}, "beta is -1.0"),
        ({"hyperparameters": {"beta": "NaN"}}, "beta is nan"),
        ({"hyperparameters": {"beta": 4, "/../x": 1}}, "do not fit beta_vae"),
        ({"latents": 0}, "greater than or equal to 1"),
        ({"latents": 10**9}, "less than or equal to 1024"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"seed": 10**30}, "less than 9223372036854775808"),
        ({"steps": 0}, "beta_vae is trained: it takes at least 1 step"),
        ({"steps": -4}, "greater than or equal to 0"),
        ({"objective": "pca"}, "pca takes no steps and no hyper-parameters"),
        ({"objective": "pca", "hyperparameters": {}}, "pca takes no steps"),
        ({"objective": "pca", "steps": 0}, "pca takes no steps and no hyper-parameters"),
        ({"batch_size": 0}, "greater than or equal to 1"),
        ({"learning_rate": "NaN"}, "finite number"),
        ({"learning_rate": "Infinity"}, "finite number"),
        ({"learning_rate": 0}, "greater than 0"),
        ({"network": "gpt"}, "there is no 'gpt'; expected one of conv, burgess, fc"),
        ({"optimiser": "sgd"}, "there is no 'sgd'; expected one of adam, adagrad"),
        ({"precision": "fp8"}, "'fp32' or 'bf16'"),
        ({"data_sha256": "0" * 10**6}, "should match pattern"),
        ({"data_sha256": "../" + "0" * 61}, "should match pattern"),
        ({"training_version": -1}, "greater than or equal to 0"),
    ],
)
def test_run_that_cannot_be_is_refused_where_it_is_read(
    changes: dict[str, object], message: str, make_run: Callable[..., Run]
) -> None:
    run = {field.name: getattr(make_run(), field.name) for field in fields(Run)}
    content = json.dumps({"run": run | changes, "error": "", "traceback": ""})
    with pytest.raises(ValidationError, match=message):
        Failure.model_validate_json(content)


def test_run_is_read_as_it_was_written(make_run: Callable[..., Run]) -> None:
    failure = Failure(run=make_run(), error="", traceback="")
    assert Failure.model_validate_json(failure.model_dump_json()).run == make_run()


@given(
    beta=st.floats(min_value=0, allow_infinity=False),
    seed=st.integers(0, 2**63 - 1),
    objective=st.sampled_from(["ae", "vae", "beta_vae"]),
)
def test_name_of_a_folder_leads_nowhere_else(
    beta: float, seed: int, objective: str, make_run: Callable[..., Run]
) -> None:
    hyperparameters = {"beta": beta} if objective == "beta_vae" else {}
    run = make_run(objective=objective, hyperparameters=hyperparameters, seed=seed)
    assert re.fullmatch(r"[a-z][a-z0-9_.+-]{0,100}", run.id)
