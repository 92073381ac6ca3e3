"""Each part of the KL has its weight, and the KL in closed form carries all of weight 1."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

import pytest
import torch

from disbench.models.objectives import VAE, BetaTCVAE, StratifiedBetaTCVAE
from disbench.models.total_correlation import (
    decomposition,
    stratified_sampling,
    weighted_sampling,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder, Posterior
    from disbench.models.objectives import Batch, Loss

    MakeModel = Callable[..., Autoencoder]
    LossOf = Callable[..., Loss]

BOTH = {BetaTCVAE: weighted_sampling, StratifiedBetaTCVAE: stratified_sampling}


@pytest.mark.parametrize("objective", BOTH)
def test_at_weights_of_one_it_is_the_vae_to_the_bit(
    objective: type[BetaTCVAE], same_bits: Callable[..., bool]
) -> None:
    assert same_bits(objective(1.0), VAE())
    for others in ((2.0,), (1.0, 2.0), (1.0, 1.0, 2.0)):
        assert not same_bits(objective(*others), VAE())


@pytest.mark.parametrize("objective", BOTH)
def test_each_part_counts_as_much_as_its_weight(
    objective: type[BetaTCVAE],
    built: MakeModel,
    make_batch: Callable[..., Batch],
) -> None:
    model, batch = built(), make_batch()
    loss = objective(beta=6.0, alpha=3.0, gamma=0.5).loss(model, batch)
    posterior = model.encode(batch.images)
    weights = BOTH[objective](4, n_images=1000)
    parts = decomposition(posterior, posterior.sample(batch.noise), weights)
    assert loss.kl is not None
    expected = loss.reconstruction + loss.kl
    expected = expected + 2 * parts.mutual_information + 5 * parts.total_correlation
    expected = expected - 0.5 * parts.dimension_wise_kl
    assert loss.total.item() == pytest.approx(expected.item())


def test_loss_by_hand(stub: MakeModel, loss_of: LossOf) -> None:
    """Two images far apart in two dimensions: log 2 of correlation as a data set of two."""
    model = stub([[50.0, 50.0], [-50.0, -50.0]], [[0.0, 0.0], [0.0, 0.0]])
    changes = {"images": torch.ones(2, 1, 64, 64), "noise": torch.zeros(2, 2), "n_images": 2}
    loss = loss_of(BetaTCVAE(11.0), model, **changes)
    assert loss.kl is not None
    assert loss.kl.item() == 2500
    correlation = log(2) + log(2)  # the second is the constant of the weights, (2 - 1) log 2
    assert loss.total.item() == pytest.approx(4096 * 100 / 2 + 2500 + 10 * correlation, rel=1e-6)


def test_study_v1_differs_by_a_constant(built: MakeModel, loss_of: LossOf) -> None:
    """Whose density has no weights; here as a plain loop over codes, images and dimensions."""
    model, gradients, totals = built(), [], []
    for ours in (True, False):
        loss = loss_of(BetaTCVAE(6.0), model)
        total = loss.total if ours else _study_v1(model, loss_of)
        model.zero_grad()
        total.backward()
        gradients.append(model.mean.weight.grad.clone())
        totals.append(total.item())
    # (latents - 1) times log(n * n_images), with four images of 1,000
    assert totals[0] - totals[1] == pytest.approx(5 * 2 * log(4 * 1000), rel=1e-3)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)


class Watched:
    """A model that keeps what went through it."""

    def __init__(self, model: Autoencoder) -> None:
        self.model = model
        self.posteriors: list[Posterior] = []
        self.codes: list[Tensor] = []

    def encode(self, images: Tensor) -> Posterior:
        """The model's posterior."""
        self.posteriors.append(self.model.encode(images))
        return self.posteriors[-1]

    def decode(self, codes: Tensor) -> Tensor:
        """The model's logits."""
        self.codes.append(codes)
        return self.model.decode(codes)


def _study_v1(model: Autoencoder, loss_of: LossOf) -> Tensor:
    watched = Watched(model)
    total = loss_of(VAE(), watched).total
    [(mean, log_variance)], [codes] = watched.posteriors, watched.codes
    normal = torch.distributions.Normal(mean, (log_variance / 2).exp())
    for code in codes:
        densities = normal.log_prob(code)  # (image, dimension)
        joint = densities.sum(dim=1).exp().sum().log()
        total = total + 5 * (joint - densities.exp().sum(dim=0).log().sum()) / len(codes)
    return total


def test_defaults() -> None:
    assert BetaTCVAE(6.0) == BetaTCVAE(beta=6.0, alpha=1.0, gamma=1.0)
    with pytest.raises(ValueError, match=f"alpha is {-exp(1)}; expected"):
        BetaTCVAE(1.0, -exp(1))
