"""What a pair shares is what differs least, and takes the mean of both posteriors."""

from __future__ import annotations

from math import exp, log1p
from typing import TYPE_CHECKING

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from disbench.models.ada_gvae import averaged, divergence
from disbench.models.autoencoder import Posterior
from disbench.models.objectives import VAE, AdaGVAE

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objectives import Loss


def _posterior(mean: list[float], variance: list[float]) -> Posterior:
    return Posterior(torch.tensor([mean]), torch.tensor([variance]).log())


def test_divergence_is_that_of_torch(drawn: Callable[..., Tensor]) -> None:
    first, second = Posterior(*drawn(2, 5, 4)), Posterior(*drawn(4, 5, 4)[2:])
    normals = [Normal(p.mean, (p.log_variance / 2).exp()) for p in (first, second)]
    torch.testing.assert_close(divergence(first, second), kl_divergence(*normals))


def test_a_posterior_does_not_diverge_from_itself(drawn: Callable[..., Tensor]) -> None:
    posterior = Posterior(*drawn(2, 5, 4))
    assert torch.equal(divergence(posterior, posterior), torch.zeros(5, 4))


def test_dimensions_that_differ_least_are_averaged() -> None:
    """Divergences of 8, 3.9 and 0, whose middle is 4; variances of 1 but for the last."""
    first = _posterior([4.0, 7.8**0.5, 1.0], [1.0, 1.0, 2.0])
    second = _posterior([0.0, 0.0, 1.0], [1.0, 1.0, 2.0])
    ours, theirs = averaged(first, second)
    assert ours.mean.tolist() == [pytest.approx([4, 7.8**0.5 / 2, 1])]
    assert theirs.mean.tolist() == [pytest.approx([0, 7.8**0.5 / 2, 1])]
    assert ours.log_variance.exp().tolist() == [pytest.approx([1, 1, 2])]


def test_variances_are_averaged_and_not_their_logarithms() -> None:
    first, second = _posterior([9.0, 0.0], [1.0, 1.0]), _posterior([0.0, 0.0], [1.0, 3.0])
    ours, theirs = averaged(first, second)
    assert ours.log_variance.exp().tolist() == [pytest.approx([1, 2])]
    assert theirs.log_variance.exp().tolist() == [pytest.approx([1, 2])]


def test_each_pair_has_its_own_middle() -> None:
    first = Posterior(torch.tensor([[4.0, 2.0], [0.5, 2.0]]), torch.zeros(2, 2))
    second = Posterior(torch.zeros(2, 2), torch.zeros(2, 2))
    ours, _ = averaged(first, second)
    assert ours.mean.tolist() == [[4.0, 1.0], [0.25, 2.0]]


def test_loss_by_hand(stub: Callable[..., Autoencoder], loss_of: Callable[..., Loss]) -> None:
    """Means (3, 1) and (-1, 0) with unit variance: the second dimension is shared, at 1/2."""
    model = stub([[3.0, 1.0], [-1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]], told_apart=True)
    loss = loss_of(
        AdaGVAE(4.0),
        model,
        images=torch.zeros(1, 1, 64, 64),
        noise=torch.tensor([[0.0, -0.5]]),
        companions=torch.ones(1, 1, 64, 64),
        companion_noise=torch.tensor([[2.0, 0.25]]),
    )
    # Codes (3, 0) and (1, 0.75): logits of 3 and 1.75.
    reconstruction = 4096 * (log1p(exp(3)) + log1p(exp(-1.75))) / 2
    kl = ((9 + 0.25) / 2 + (1 + 0.25) / 2) / 2
    assert loss.reconstruction.item() == pytest.approx(reconstruction)
    assert loss.kl is not None
    assert loss.kl.item() == pytest.approx(kl)
    assert loss.total.item() == pytest.approx(reconstruction + 4 * kl)


def test_an_average_takes_gradients_to_both(
    stub: Callable[..., Autoencoder], loss_of: Callable[..., Loss]
) -> None:
    """The KL of the shared 1/2 has a gradient of 1/2, one half for each image's mean."""
    model = stub([[3.0, 1.0], [-1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]], told_apart=True)
    changes = {
        "images": torch.zeros(1, 1, 64, 64),
        "noise": torch.zeros(1, 2),
        "companions": torch.ones(1, 1, 64, 64),
        "companion_noise": torch.zeros(1, 2),
    }
    kl = loss_of(AdaGVAE(1.0), model, **changes).kl
    assert kl is not None
    kl.backward()
    gradient = next(model.parameters()).grad
    assert gradient.tolist() == [pytest.approx([1.5, 0.25]), pytest.approx([-0.5, 0.25])]


def test_a_pair_of_one_image_is_the_vae(
    built: Callable[..., Autoencoder],
    loss_of: Callable[..., Loss],
    images: Tensor,
    drawn: Callable[..., Tensor],
) -> None:
    """With one noise, to the bit: nothing differs, so nothing is averaged."""
    changes = {"companions": images, "companion_noise": drawn(4, 3)}
    ours, theirs = (loss_of(o, built(), **changes) for o in (AdaGVAE(1.0), VAE()))
    assert ours == theirs
    assert loss_of(AdaGVAE(1.0), built()) != theirs
