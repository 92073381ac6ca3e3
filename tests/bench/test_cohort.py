"""Runs that are trained as one take the steps that each would take alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import torch

from disbench.cohort import Cohort, of_run, stacked_tensors
from disbench.models.objectives import OBJECTIVES
from disbench.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from disbench.dsprites import PackedImages
    from disbench.models.objective import Loss
    from disbench.runs import Run

PAIRS: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "ae": ({}, {}),
    "vae": ({}, {}),
    "beta_vae": ({"beta": 4.0}, {"beta": 1.0}),
    "cci_vae": (
        {"capacity": 9.0, "gamma": 100.0, "ramp": 4.0},
        {"capacity": 3.0, "gamma": 50.0, "ramp": 1.0},
    ),
    "factor_vae": ({"gamma": 10.0}, {"gamma": 35.0}),
    "beta_tc_vae": (
        {"beta": 4.0, "alpha": 1.0, "gamma": 1.0},
        {"beta": 6.0, "alpha": 0.5, "gamma": 2.0},
    ),
    "beta_tc_vae_mss": (
        {"beta": 4.0, "alpha": 1.0, "gamma": 1.0},
        {"beta": 6.0, "alpha": 0.5, "gamma": 2.0},
    ),
    "dip_vae_i": (
        {"lambda_od": 10.0, "lambda_d_factor": 10.0},
        {"lambda_od": 5.0, "lambda_d_factor": 2.0},
    ),
    "dip_vae_ii": (
        {"lambda_od": 10.0, "lambda_d_factor": 1.0},
        {"lambda_od": 5.0, "lambda_d_factor": 2.0},
    ),
    "info_vae": ({"lambda_mmd": 10.0, "alpha": 1.0}, {"lambda_mmd": 20.0, "alpha": 0.5}),
    "ada_gvae": ({"beta": 1.0}, {"beta": 4.0}),
}
"""Two settings of every objective, which differ in every hyper-parameter."""


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    """A discriminator of less than a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("disbench.models.discriminator.WIDTH", 50)
        yield


@pytest.fixture
def make_pair(make_run: Callable[..., Run]) -> Callable[..., list[Run]]:
    """Two runs of an objective, of two settings and seeds."""

    def make(objective: str = "beta_vae", **changes: Any) -> list[Run]:
        definition = {"objective": objective, "network": "burgess", "batch_size": 4} | changes
        settings = enumerate(PAIRS[objective])
        return [make_run(hyperparameters=h, seed=seed, **definition) for seed, h in settings]

    return make


def _parts(loss: Loss) -> list[float]:
    parts = (torch.nan if part is None else part for part in loss)
    return [float(torch.as_tensor(part).detach()) for part in parts]


def _alone(run: Run, images: PackedImages, steps: int) -> tuple[Trainer, list[list[float]]]:
    """A run after so many steps on its own, and the parts of its losses."""
    trainer = Trainer.start(run, images, device="cpu")
    return trainer, [_parts(trainer.step(step)) for step in range(steps)]


def _stepped(cohort: Cohort, steps: Sequence[int]) -> list[Tensor]:
    """The losses of steps, (runs, parts) each."""
    return [torch.stack(cohort.step(cohort.sent(step)), dim=1) for step in steps]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_takes_the_steps_of_runs_alone(
    objective: str, make_pair: Callable[..., list[Run]], whole: PackedImages
) -> None:
    """Losses of three steps within 0.5 %, and all tensors after them within a third of a step.

    A gradient that is nearly 0 is rounded to either sign, and Adam moves its weight a whole step
    to that side: measured were 0.07 % and a twentieth.
    """
    runs = make_pair(objective)
    cohort = Cohort.start(runs, whole, device="cpu")
    losses = _stepped(cohort, range(3))
    for place, run in enumerate(runs):
        begun = Trainer.start(run, whole, device="cpu").tensors()
        trainer, expected = _alone(run, whole, steps=3)
        for ours, theirs in zip(losses, expected, strict=True):
            assert ours[place].tolist() == pytest.approx(theirs, rel=5e-3, nan_ok=True)
        assert cohort.tensors().keys() == trainer.tensors().keys()
        for name, theirs in trainer.tensors().items():
            moved = (theirs - begun.get(name, 0)).norm()
            found = of_run(cohort.tensors()[name], place)
            assert (found - theirs).norm() <= moved / 3, name


def test_images_and_noise_are_those_of_the_runs(
    make_pair: Callable[..., list[Run]], whole: PackedImages
) -> None:
    """To the bit, also of companions, and of what the objective draws itself."""
    runs = make_pair("factor_vae")
    cohort = Cohort.start(runs, whole, device="cpu")
    sent = cohort.sent(7)
    for place, run in enumerate(runs):
        batch = Trainer.start(run, whole, device="cpu").batch(7)
        for name, expected in (("rows", batch.images), ("companions", batch.companions)):
            assert torch.equal(cohort.supply.received(sent[name])[place], expected)
        pairs = (("noise", batch.noise), ("companion_noise", batch.companion_noise))
        for name, expected in (*pairs, ("own", batch.drawn)):
            assert torch.equal(sent[name][place], expected)
        assert sent["step"] == batch.step


@pytest.mark.parametrize("objective", ["beta_vae", "factor_vae"])
def test_weights_are_those_of_the_runs_before_the_first_step(
    objective: str, make_pair: Callable[..., list[Run]], whole: PackedImages
) -> None:
    runs = make_pair(objective)
    cohort = Cohort.start(runs, whole, device="cpu")
    for place, run in enumerate(runs):
        expected = Trainer.start(run, whole, device="cpu").tensors()
        found = cohort.tensors()
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name][place], expected[name]) for name in expected)


def test_all_hyperparameters_are_tensors(make_run: Callable[..., Run], whole: PackedImages) -> None:
    """Those that all runs share too, and those at their defaults."""
    settings = [{"capacity": 9.0, "ramp": ramp} for ramp in (4.0, 2.0)]
    runs = [make_run(objective="cci_vae", hyperparameters=each) for each in settings]
    found = Cohort.start(runs, whole, device="cpu").hyperparameters
    values = {name: torch.as_tensor(each).tolist() for name, each in found.items()}
    assert values == {"capacity": [9, 9], "gamma": [1000, 1000], "ramp": [4, 2]}


def test_hyperparameters_of_an_objective_that_does_not_mix_are_numbers(
    make_run: Callable[..., Run], whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OBJECTIVES["beta_vae"], "mixes", False)
    runs = [make_run(hyperparameters={"beta": 4.0}, seed=seed) for seed in range(2)]
    assert Cohort.start(runs, whole, device="cpu").hyperparameters == {"beta": 4.0}
    other = make_run(hyperparameters={"beta": 2.0})
    with pytest.raises(ValueError, match="hyperparameters"):
        Cohort.start([*runs, other], whole, device="cpu")


def test_a_run_has_the_hyperparameters_of_its_own(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    """Of one batch and the same weights: beta is between total and parts."""
    runs = [make_run(hyperparameters={"beta": beta}, batch_size=2) for beta in (0.0, 4.0, 1e6)]
    cohort = Cohort.start(runs, whole, device="cpu")
    losses = cohort.losses(cohort.sent(0))
    expected = losses.reconstruction + torch.tensor([0.0, 4.0, 1e6]) * losses.kl
    torch.testing.assert_close(losses.total, expected)


def test_losses_that_an_objective_has_not_are_nan(
    make_pair: Callable[..., list[Run]], whole: PackedImages
) -> None:
    for objective, there in (("ae", [1, 1, 0, 0]), ("beta_vae", [1, 1, 1, 0])):
        cohort = Cohort.start(make_pair(objective), whole, device="cpu")
        for part, is_there in zip(cohort.losses(cohort.sent(0)), there, strict=True):
            assert part.isfinite().tolist() == [bool(is_there)] * 2


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("objective", ("beta_vae", "ada_gvae")),
        ("network", ("conv", "burgess")),
        ("latents", (3, 4)),
        ("steps", (4, 5)),
        ("batch_size", (4, 8)),
        ("optimiser", ("adam", "adagrad")),
        ("learning_rate", (1e-3, 1e-4)),
        ("precision", ("fp32", "bf16")),
        ("data_sha256", ("0" * 64, "1" * 64)),
    ],
)
def test_runs_that_differ_in_more_are_refused(
    name: str, values: tuple[Any, Any], make_run: Callable[..., Run], whole: PackedImages
) -> None:
    runs = [make_run(**{name: value}) for value in values]
    with pytest.raises(ValueError, match=f"runs of {name} .*cannot train as one"):
        Cohort.start(runs, whole, device="cpu")


@pytest.mark.parametrize("objective", ["ae", "factor_vae"])
@pytest.mark.parametrize("optimiser", ["adam", "adagrad"])
def test_a_cohort_goes_on_from_the_tensors_of_its_runs(
    objective: str, optimiser: str, make_pair: Callable[..., list[Run]], whole: PackedImages
) -> None:
    """To the same bits."""
    runs = make_pair(objective, optimiser=optimiser)
    straight = Cohort.start(runs, whole, device="cpu")
    _stepped(straight, range(2))
    kept = [
        {name: of_run(tensor, place).clone() for name, tensor in straight.tensors().items()}
        for place in range(2)
    ]
    resumed = Cohort.start(runs, whole, device="cpu")
    resumed.restore(kept)
    for ours, theirs in zip(_stepped(resumed, [2]), _stepped(straight, [2]), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)
    found, expected = resumed.tensors(), straight.tensors()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_tensors_of_a_run_alone_serve_a_cohort(
    make_pair: Callable[..., list[Run]], whole: PackedImages
) -> None:
    """As where a checkpoint of a CPU is gone on from on a GPU."""
    runs = make_pair()
    trainers = [_alone(run, whole, steps=2)[0] for run in runs]
    cohort = Cohort.start(runs, whole, device="cpu")
    cohort.restore([trainer.tensors() for trainer in trainers])
    [losses] = _stepped(cohort, [2])
    expected = [_parts(trainer.step(2)) for trainer in trainers]
    for ours, theirs in zip(losses.tolist(), expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5, nan_ok=True)


def test_tensors_of_other_names_than_each_other_are_refused(
    make_pair: Callable[..., list[Run]], whole: PackedImages
) -> None:
    runs = make_pair()
    one, other = (_alone(run, whole, steps=1)[0].tensors() for run in runs)
    other.pop("optimiser.0.exp_avg")
    with pytest.raises(ValueError, match="other names than each other"):
        Cohort.start(runs, whole, device="cpu").restore([one, other])


def test_a_run_gets_the_same_bits_in_a_cohort_of_the_same_size(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    """Whatever the other is, even if its numbers are none."""
    found = []
    for beta in (1.0, 1e39):
        runs = [make_run(batch_size=4), make_run(seed=1, hyperparameters={"beta": beta})]
        runs[1] = make_run(seed=1, hyperparameters={"beta": beta}, batch_size=4)
        cohort = Cohort.start(runs, whole, device="cpu")
        losses = _stepped(cohort, range(2))
        assert math.isfinite(losses[-1][1, 0]) == (beta == 1)
        found.append(cohort.tensors())
    pairs = [(of_run(found[0][name], 0), of_run(found[1][name], 0)) for name in found[0]]
    assert all(torch.equal(a, b) for a, b in pairs)


def test_bf16_rounds_the_network_and_keeps_float32_weights(
    make_pair: Callable[..., list[Run]], whole: PackedImages
) -> None:
    """As it does of runs alone: within a hundredth of the loss."""
    runs = make_pair(precision="bf16")
    cohort = Cohort.start(runs, whole, device="cpu")
    [losses] = _stepped(cohort, [0])
    for ours, run in zip(losses.tolist(), runs, strict=True):
        _, [theirs] = _alone(run, whole, steps=1)
        assert ours[:3] == pytest.approx(theirs[:3], rel=0.01)
    assert {tensor.dtype for tensor in cohort.tensors().values()} == {torch.float32}


def test_counts_of_steps_are_shared_and_all_else_is_stacked() -> None:
    both = [{"step": torch.tensor(3.0), "mean": torch.tensor([value])} for value in (1.0, 2.0)]
    step, mean = (stacked_tensors([each[name] for each in both]) for name in ("step", "mean"))
    assert (step.item(), mean.tolist()) == (3, [[1], [2]])
    assert (of_run(step, 1).item(), of_run(mean, 1).tolist()) == (3, [2])


@pytest.mark.parametrize("objective", ["beta_tc_vae", "dip_vae_i", "cci_vae", "info_vae"])
def test_bits_of_a_run_do_not_depend_on_the_settings_of_others(
    objective: str, make_run: Callable[..., Run], whole: PackedImages
) -> None:
    """1.1 is not a number of float32: it has to be rounded the same way in any company."""
    main = next(iter(PAIRS[objective][0]))
    like, unlike = PAIRS[objective][0] | {main: 1.1}, PAIRS[objective][1]
    weights = []
    for other in (like, unlike):
        settings = [{"hyperparameters": like, "seed": 0}, {"hyperparameters": other, "seed": 1}]
        runs = [make_run(objective=objective, batch_size=4, **each) for each in settings]
        cohort = Cohort.start(runs, whole, device="cpu")
        for step in range(2):
            cohort.step(cohort.sent(step))
        weights.append([w[0].clone() for w in cohort.autoencoder.network.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))
