"""Losses by hand, in nats per image; beta weighs the KL and nothing else."""

from __future__ import annotations

from math import exp, inf, log, log1p, nan
from typing import TYPE_CHECKING

import pytest
import torch

from disbench.models.objectives import AE, VAE, BetaVAE, Loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder

    MakeModel = Callable[..., Autoencoder]
    LossOf = Callable[..., Loss]


def test_terms_are_means_over_the_batch_of_sums(stub: MakeModel, loss_of: LossOf) -> None:
    # Samples 0 and 1: logits 0 and 1. KL of (1, 0): 1/2; of variance e: (e - 2) / 2 in each.
    model = stub([[0.0, 0.0], [1.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    images = torch.ones(2, 1, 64, 64)
    loss = loss_of(BetaVAE(3.0), model, images=images, noise=torch.zeros(2, 2))
    reconstruction = 4096 * (log(2) + log1p(exp(-1))) / 2
    kl = (2 * (exp(1) - 2) / 2 + 0.5) / 2
    assert loss.reconstruction.item() == pytest.approx(reconstruction)
    assert loss.kl is not None
    assert loss.kl.item() == pytest.approx(kl)
    assert loss.total.item() == pytest.approx(reconstruction + 3 * kl)


def test_decoder_sees_the_sample(stub: MakeModel, loss_of: LossOf) -> None:
    model, images = stub([[1.0]], [[log(4.0)]]), torch.zeros(1, 1, 64, 64)
    loss = loss_of(BetaVAE(1.0), model, images=images, noise=torch.tensor([[-2.0]]))
    assert loss.reconstruction.item() == pytest.approx(4096 * log1p(exp(1 - 2 * 2)))


def test_autoencoder_decodes_the_mean_and_has_no_kl(stub: MakeModel, loss_of: LossOf) -> None:
    model, images = stub([[1.0]], [[5.0]]), torch.zeros(1, 1, 64, 64)
    loss = loss_of(AE(), model, images=images, noise=torch.tensor([[7.0]]))
    assert loss == Loss(loss.reconstruction, loss.reconstruction, None)
    assert loss.total.item() == pytest.approx(4096 * log1p(exp(1)))


def test_autoencoder_ignores_noise_and_log_variance(built: MakeModel, loss_of: LossOf) -> None:
    model = built()
    losses = [loss_of(AE(), model, noise=torch.full((4, 3), value)).total for value in (0.0, 9.0)]
    assert torch.equal(*losses)
    losses[0].backward()
    assert model.log_variance.weight.grad is None
    assert model.mean.weight.grad is not None


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_beta_vae_at_one_is_the_vae_to_the_bit(
    precision: torch.dtype, built: MakeModel, loss_of: LossOf
) -> None:
    losses, gradients = [], []
    for objective in (VAE(), BetaVAE(1.0)):
        model = built()
        with torch.autocast("cpu", dtype=precision, enabled=precision != torch.float32):
            loss = loss_of(objective, model)
        loss.total.backward()
        losses.append(loss)
        gradients.append([p.grad for p in model.parameters()])
    assert losses[0].kl is not None
    assert losses[0].kl.item() > 0
    assert losses[0] == losses[1]
    for ours, theirs in zip(*gradients, strict=True):
        assert ours is not None
        assert theirs is not None
        assert torch.equal(ours, theirs)


def test_gradient_of_the_kl_is_weighed_by_beta(stub: MakeModel, loss_of: LossOf) -> None:
    """With d KL / d mean = mean and d KL / d log-variance = (variance - 1) / 2, by hand."""
    images = torch.full((1, 1, 64, 64), 0.5)
    gradients = {}
    for beta in (0.0, 1.0, 4.0):
        model = stub([[3.0]], [[log(2.0)]])
        loss_of(BetaVAE(beta), model, images=images, noise=torch.ones(1, 1)).total.backward()
        mean, log_variance = (parameter.grad for parameter in model.parameters())
        assert mean is not None
        assert log_variance is not None
        gradients[beta] = (mean.item(), log_variance.item())
    for beta in (1.0, 4.0):
        assert gradients[beta][0] - gradients[0.0][0] == pytest.approx(beta * 3, rel=1e-3)
        assert gradients[beta][1] - gradients[0.0][1] == pytest.approx(beta * 0.5, rel=1e-3)


def _gradients(loss: Loss, model: Autoencoder) -> dict[str, Tensor]:
    model.zero_grad()
    loss.total.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def test_beta_does_not_reach_the_decoder(built: MakeModel, loss_of: LossOf) -> None:
    model = built()
    low, high = (_gradients(loss_of(BetaVAE(beta), model), model) for beta in (1.0, 16.0))
    decoder = [name for name in low if name.startswith("decoder")]
    assert len(decoder) == 12
    assert all(torch.equal(low[name], high[name]) for name in decoder)
    assert not torch.equal(low["mean.weight"], high["mean.weight"])


@pytest.mark.parametrize("beta", [-1e-9, -1.0, nan, inf, -inf])
def test_impossible_betas_are_refused(beta: float) -> None:
    with pytest.raises(ValueError, match=f"beta is {beta}; expected a finite number"):
        BetaVAE(beta)


def test_beta_zero_leaves_the_reconstruction(built: MakeModel, loss_of: LossOf) -> None:
    loss = loss_of(BetaVAE(0.0), built())
    assert torch.equal(loss.total, loss.reconstruction)
