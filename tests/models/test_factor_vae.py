"""The total correlation is what the adversary says, and each network minimises its own loss."""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from disbench.models.discriminator import permuted_dimensions
from disbench.models.objectives import VAE, FactorVAE

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objectives import Batch, Loss

    MakeModel = Callable[..., Autoencoder]


class SumAndZero(nn.Module):
    """An adversary whose first logit is the sum of the code, and whose second is 0."""

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Two logits."""
        total = codes.sum(dim=1)
        return torch.stack([total, torch.zeros_like(total)], dim=1)


def _pair(**changes: Any) -> dict[str, Any]:
    """An image of zeros with one of ones as its companion, and this noise in one dimension."""
    return {
        "images": torch.zeros(1, 1, 64, 64),
        "noise": torch.tensor([[0.5]]),
        "companions": torch.ones(1, 1, 64, 64),
        "companion_noise": torch.tensor([[1.0]]),
    } | changes


def test_loss_by_hand(stub: MakeModel, loss_of: Callable[..., Loss]) -> None:
    """Codes are 1 + 0.5 of the image, and -2 + 2 * 1 of its companion; a batch of one stays."""
    model = stub([[1.0], [-2.0]], [[0.0], [log(4)]], told_apart=True)
    loss = loss_of(FactorVAE(10.0), model, **_pair(adversary=SumAndZero()))
    reconstruction = 4096 * log1p(exp(1.5))
    assert loss.reconstruction.item() == pytest.approx(reconstruction)
    assert loss.kl is not None
    assert loss.kl.item() == 0.5
    assert loss.total.item() == pytest.approx(reconstruction + 0.5 + 10 * 1.5)
    assert loss.adversary is not None
    assert loss.adversary.item() == pytest.approx(0.5 * log1p(exp(-1.5)) + 0.5 * log(2))


def test_it_permutes_the_codes_of_the_companions(
    built: MakeModel, make_batch: Callable[..., Batch]
) -> None:
    seen: list[torch.Tensor] = []

    class Watching(SumAndZero):
        def forward(self, codes: torch.Tensor) -> torch.Tensor:
            seen.append(codes)
            return super().forward(codes)

    orders = torch.tensor([[3, 0, 2], [1, 1, 0], [0, 3, 1], [2, 2, 3]])
    model, batch = built(), make_batch(adversary=Watching(), drawn=orders)
    FactorVAE(1.0).loss(model, batch)
    assert batch.companions is not None
    assert batch.companion_noise is not None
    joint, permuted = seen
    assert torch.equal(joint, model.encode(batch.images).sample(batch.noise))
    codes = model.encode(batch.companions).sample(batch.companion_noise)
    assert torch.equal(permuted, permuted_dimensions(codes, orders))
    assert not permuted.requires_grad


def test_at_gamma_zero_it_is_the_vae_to_the_bit(same_bits: Callable[..., bool]) -> None:
    assert same_bits(FactorVAE(0.0), VAE())
    assert not same_bits(FactorVAE(1.0), VAE())


def test_gamma_weighs_the_gradient_of_the_codes(
    stub: MakeModel, loss_of: Callable[..., Loss]
) -> None:
    """The adversary's logits differ by the sum of the code: d / d mean is gamma."""
    gradients = []
    for gamma in (0.0, 5.0):
        model = stub([[1.0], [-2.0]], [[0.0], [0.0]], told_apart=True)
        loss_of(FactorVAE(gamma), model, **_pair(adversary=SumAndZero())).total.backward()
        gradients.append(next(model.parameters()).grad)
    assert (gradients[1] - gradients[0]).tolist() == [[pytest.approx(5, rel=1e-3)], [0.0]]


def test_a_batch_without_companions_is_refused(
    built: MakeModel, loss_of: Callable[..., Loss]
) -> None:
    for lacking in ("companions", "companion_noise", "adversary"):
        with pytest.raises(ValueError, match="lacks the companions or the adversary"):
            loss_of(FactorVAE(1.0), built(), **{lacking: None})
