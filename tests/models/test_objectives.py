"""Losses by hand, in nats per image; beta weighs the KL and nothing else."""

from __future__ import annotations

from dataclasses import fields
from math import exp, inf, log, log1p, nan
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from disbench.models.autoencoder import Posterior
from disbench.models.objectives import AE, OBJECTIVES, VAE, BetaVAE, Loss, reconstruction_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objectives import Objective


class Stub(nn.Module):
    """A model whose posterior is a parameter, and whose every logit is the sum of the code."""

    def __init__(self, mean: list[list[float]], log_variance: list[list[float]]) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.tensor(mean))
        self.log_variance = nn.Parameter(torch.tensor(log_variance))

    def encode(self, images: Tensor) -> Posterior:
        """The posterior of any images."""
        assert len(images) == len(self.mean)
        return Posterior(self.mean, self.log_variance)

    def decode(self, codes: Tensor) -> Tensor:
        """The sum of each code as the logit of all its pixels."""
        return codes.sum(dim=1)[:, None, None, None].expand(-1, 1, 64, 64)


def _gradients(objective: Objective, model: Autoencoder, images: Tensor) -> dict[str, Tensor]:
    noise = torch.linspace(-2, 2, len(images) * model.latents).reshape(len(images), -1)
    model.zero_grad()
    objective.loss(model, images, noise=noise).total.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def test_reconstruction_error_sums_over_pixels() -> None:
    errors = reconstruction_error(torch.zeros(3, 1, 64, 64), torch.ones(3, 1, 64, 64))
    assert errors.tolist() == pytest.approx([4096 * log(2)] * 3)


def test_reconstruction_error_by_hand() -> None:
    logits = torch.tensor([[[[2.0, -1.0], [0.0, 3.0]]]])
    images = torch.tensor([[[[1.0, 1.0], [0.0, 0.25]]]])
    # -x log p - (1 - x) log (1 - p), where -log p = log(1 + exp(-logit))
    expected = log1p(exp(-2)) + log1p(exp(1)) + log(2)
    expected += 0.25 * log1p(exp(-3)) + 0.75 * log1p(exp(3))
    assert reconstruction_error(logits, images).tolist() == pytest.approx([expected])


def test_reconstruction_error_counts_all_channels() -> None:
    errors = reconstruction_error(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
    assert errors.item() == pytest.approx(3 * 64 * log(2))


def test_terms_are_means_over_the_batch_of_sums() -> None:
    # Samples 0 and 1: logits 0 and 1. KL of (1, 0): 1/2; of variance e: (e - 2) / 2 in each.
    model = Stub([[0.0, 0.0], [1.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    loss = BetaVAE(3.0).loss(model, torch.ones(2, 1, 64, 64), noise=torch.zeros(2, 2))  # type: ignore[arg-type]
    reconstruction = 4096 * (log(2) + log1p(exp(-1))) / 2
    kl = (2 * (exp(1) - 2) / 2 + 0.5) / 2
    assert loss.reconstruction.item() == pytest.approx(reconstruction)
    assert loss.kl is not None
    assert loss.kl.item() == pytest.approx(kl)
    assert loss.total.item() == pytest.approx(reconstruction + 3 * kl)


def test_decoder_sees_the_sample() -> None:
    model = Stub([[1.0]], [[log(4.0)]])
    loss = BetaVAE(1.0).loss(model, torch.zeros(1, 1, 64, 64), noise=torch.tensor([[-2.0]]))  # type: ignore[arg-type]
    assert loss.reconstruction.item() == pytest.approx(4096 * log1p(exp(1 - 2 * 2)))


def test_autoencoder_decodes_the_mean_and_has_no_kl() -> None:
    model = Stub([[1.0]], [[5.0]])
    loss = AE().loss(model, torch.zeros(1, 1, 64, 64), noise=torch.tensor([[7.0]]))  # type: ignore[arg-type]
    assert loss == Loss(loss.reconstruction, loss.reconstruction, None)
    assert loss.total.item() == pytest.approx(4096 * log1p(exp(1)))


def test_autoencoder_ignores_noise_and_log_variance(
    built: Callable[..., Autoencoder], images: Tensor
) -> None:
    model = built()
    losses = [
        AE().loss(model, images, noise=torch.full((4, 3), value)).total for value in (0.0, 9.0)
    ]
    assert torch.equal(*losses)
    losses[0].backward()
    assert model.log_variance.weight.grad is None
    assert model.mean.weight.grad is not None


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_beta_vae_at_one_is_the_vae_to_the_bit(
    precision: torch.dtype,
    built: Callable[..., Autoencoder],
    images: Tensor,
    drawn: Callable[..., Tensor],
) -> None:
    losses, gradients = [], []
    for objective in (VAE(), BetaVAE(1.0)):
        model = built()
        with torch.autocast("cpu", dtype=precision, enabled=precision != torch.float32):
            loss = objective.loss(model, images, noise=drawn(4, 3))
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


def test_gradient_of_the_kl_is_weighed_by_beta() -> None:
    """With d KL / d mean = mean and d KL / d log-variance = (variance - 1) / 2, by hand."""
    model = Stub([[3.0]], [[log(2.0)]])
    images = torch.full((1, 1, 64, 64), 0.5)
    gradients = {}
    for beta in (0.0, 1.0, 4.0):
        model.zero_grad()
        BetaVAE(beta).loss(model, images, noise=torch.ones(1, 1)).total.backward()  # type: ignore[arg-type]
        assert model.mean.grad is not None
        assert model.log_variance.grad is not None
        gradients[beta] = (model.mean.grad.item(), model.log_variance.grad.item())
    for beta in (1.0, 4.0):
        assert gradients[beta][0] - gradients[0.0][0] == pytest.approx(beta * 3, rel=1e-3)
        assert gradients[beta][1] - gradients[0.0][1] == pytest.approx(beta * 0.5, rel=1e-3)


def test_beta_does_not_reach_the_decoder(built: Callable[..., Autoencoder], images: Tensor) -> None:
    model = built()
    low, high = (_gradients(BetaVAE(beta), model, images) for beta in (1.0, 16.0))
    decoder = [name for name in low if name.startswith("decoder")]
    assert len(decoder) == 12
    assert all(torch.equal(low[name], high[name]) for name in decoder)
    assert not torch.equal(low["mean.weight"], high["mean.weight"])


@pytest.mark.parametrize("beta", [-1e-9, -1.0, nan, inf, -inf])
def test_impossible_betas_are_refused(beta: float) -> None:
    with pytest.raises(ValueError, match=f"beta is {beta}; expected a finite number"):
        BetaVAE(beta)


def test_beta_zero_leaves_the_reconstruction(
    built: Callable[..., Autoencoder], images: Tensor
) -> None:
    loss = BetaVAE(0.0).loss(built(), images, noise=torch.zeros(4, 3))
    assert torch.equal(loss.total, loss.reconstruction)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_losses_are_finite_float32_under_bfloat16(
    name: str, built: Callable[..., Autoencoder], images: Tensor, drawn: Callable[..., Tensor]
) -> None:
    values = {field.name: 4.0 for field in fields(OBJECTIVES[name])}  # type: ignore[arg-type]
    objective = OBJECTIVES[name](**values)
    model = built()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = objective.loss(model, images, noise=drawn(4, 3))
    exact = objective.loss(model, images, noise=drawn(4, 3))
    assert rounded.total.dtype == torch.float32
    assert rounded.total.isfinite()
    assert rounded.total.item() == pytest.approx(exact.total.item(), rel=0.01)
    assert (rounded.kl is None) == (exact.kl is None) == (not objective.variational)
