"""An adversary is trained beside the autoencoder, each on a loss of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.optim import Adam

from disbench.companions import COMPANIONS
from disbench.dsprites import batch_rows
from disbench.models.discriminator import discriminator, permuted_dimensions
from disbench.models.objectives import VAE, FactorVAE
from disbench.seeds import generator, stream_key
from disbench.trainer import Trainer, initial_model
from disbench.training import train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor, nn

    from disbench.dsprites import PackedImages
    from disbench.learner import Learner
    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objectives import Batch
    from disbench.runs import Run

    MakeRun = Callable[..., Run]

FACTOR_VAE = {"objective": "factor_vae", "hyperparameters": {"gamma": 10.0}}
ADA_GVAE = {"objective": "ada_gvae", "hyperparameters": {"beta": 1.0}}


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    """A discriminator of less than a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("disbench.models.discriminator.WIDTH", 50)
        yield


def _drawn_adversary(run: Run) -> nn.Module:
    rng = generator(stream_key(run.identity, "adversary"))
    return discriminator(latents=run.latents, rng=rng)


def _model_loss(model: Autoencoder, adversary: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The loss of FactorVAE from its parts, and the codes."""
    posterior = model.encode(batch.images)
    codes = posterior.sample(batch.noise)
    logits = model.decode(codes)
    pixels = F.binary_cross_entropy_with_logits(logits, batch.images, reduction="none")
    frozen = {name: weight.detach() for name, weight in adversary.named_parameters()}
    told = torch.func.functional_call(adversary, frozen, codes)
    elbo = pixels.flatten(1).sum(1).mean() + posterior.kl().sum(1).mean()
    return elbo + 10 * (told[:, 0] - told[:, 1]).mean(), codes


def _adversary_loss(
    adversary: nn.Module, codes: Tensor, model: Autoencoder, batch: Batch
) -> Tensor:
    with torch.no_grad():
        others = model.encode(batch.companions).sample(batch.companion_noise)
        permuted = permuted_dimensions(others, batch.drawn)
    joint, apart = adversary(codes.detach()), adversary(permuted)
    right = [joint.log_softmax(dim=1)[:, 0].mean(), apart.log_softmax(dim=1)[:, 1].mean()]
    return -0.5 * sum(right)


def test_a_plain_loop_gives_the_same_weights(make_run: MakeRun, whole: PackedImages) -> None:
    """Of both networks: neither gets a gradient of the other's loss."""
    run = make_run(**FACTOR_VAE)
    model, adversary = initial_model(run), _drawn_adversary(run)
    optimisers = (
        Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8),
        Adam(adversary.parameters(), lr=1e-4, betas=(0.5, 0.9), eps=1e-8),
    )
    trainer = Trainer.start(run, whole, device="cpu")
    for step in range(3):
        batch = trainer.batch(step)
        total, codes = _model_loss(model, adversary, batch)
        against = _adversary_loss(adversary, codes, model, batch)
        trainer.step(step)
        for optimiser, loss in zip(optimisers, (total, against), strict=True):
            optimiser.zero_grad()
            loss.backward()
        for optimiser in optimisers:
            optimiser.step()
    assert trainer.adversary is not None
    for ours, theirs in ((trainer.model, model), (trainer.adversary.network, adversary)):
        for name, weight in ours.state_dict().items():
            torch.testing.assert_close(weight, theirs.state_dict()[name], rtol=1e-4, atol=1e-5)


def test_an_adversary_learns_and_the_weights_of_a_run_are_without_it(
    make_run: MakeRun, whole: PackedImages
) -> None:
    run = make_run(**FACTOR_VAE)
    trainer = Trainer.start(run, whole, device="cpu")
    assert trainer.adversary is not None
    before = [weight.detach().clone() for weight in trainer.adversary.network.parameters()]
    loss = trainer.step(0)
    assert loss.adversary is not None
    after = list(trainer.adversary.network.parameters())
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    names = initial_model(run).state_dict().keys()
    assert train(run, whole, device="cpu").model.state_dict().keys() == names


def test_only_those_who_ask_have_an_adversary(make_run: MakeRun, whole: PackedImages) -> None:
    assert Trainer.start(make_run(), whole, device="cpu").adversary is None
    assert {name.split(".")[0] for name in _tensors(make_run(), whole)} == {"model", "optimiser"}
    assert {name.split(".")[0] for name in _tensors(make_run(**FACTOR_VAE), whole)} == {
        "model",
        "optimiser",
        "adversary",
        "adversary_optimiser",
    }


def _tensors(run: Run, whole: PackedImages) -> dict[str, Tensor]:
    trainer = Trainer.start(run, whole, device="cpu")
    trainer.step(0)
    return trainer.tensors()


@pytest.mark.parametrize("step", [0, 1])
def test_gamma_zero_takes_the_step_of_the_vae_to_the_bit(
    step: int, make_run: MakeRun, whole: PackedImages
) -> None:
    """With the batches of one run, since another objective has another identity."""
    trainer = Trainer.start(make_run(**FACTOR_VAE), whole, device="cpu")
    draws = [replace(trainer.draws, objective=objective) for objective in (FactorVAE(0.0), VAE())]
    pair = [replace(trainer, draws=each, autoencoder=_fresh(trainer)) for each in draws]
    for one in pair:
        one.step(step)
    ours, theirs = (list(one.model.parameters()) for one in pair)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def _fresh(trainer: Trainer) -> Learner[Autoencoder]:
    return Trainer.start(trainer.run, trainer.images, device="cpu").autoencoder


@pytest.mark.parametrize("definition", [FACTOR_VAE, ADA_GVAE])
def test_companions_are_the_images_of_their_rows(
    definition: dict[str, object], make_run: MakeRun, whole: PackedImages
) -> None:
    run = make_run(**definition)
    trainer = Trainer.start(run, whole, device="cpu")
    key = stream_key(run.identity, "batches")
    rows = batch_rows(key, 2, n_images=737_280, batch_size=8)
    batch = trainer.batch(2)
    expected = COMPANIONS[trainer.draws.objective.companions](whole, rows, run.identity, 2)
    assert batch.companions is not None
    assert np.array_equal(batch.companions[:, 0].numpy(), whole.unpack(expected))
    assert np.array_equal(batch.images[:, 0].numpy(), whole.unpack(rows))
    assert batch.companion_noise is not None
    assert batch.companion_noise.shape == batch.noise.shape
    assert not torch.equal(batch.companion_noise, batch.noise)
