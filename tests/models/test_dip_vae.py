"""The covariance of the codes, by hand and against numpy, and its distance from the identity."""

from __future__ import annotations

from math import e, log
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from disbench.models.autoencoder import Posterior
from disbench.models.dip_vae import covariance_of_means
from disbench.models.objectives import DIPVAEI, DIPVAEII, VAE

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objectives import Loss

BOTH = (DIPVAEI, DIPVAEII)


def test_covariance_is_that_of_numpy(drawn: Callable[..., Tensor]) -> None:
    mean = 100 + drawn(50, 4)  # far from zero, where a difference of products would be rounded
    found = covariance_of_means(Posterior(mean, torch.zeros(50, 4)))
    expected = np.cov(mean.double().numpy(), rowvar=False, ddof=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("objective", "penalty"),
    [
        # Means (3, 1) and (-3, -1): covariance [[9, 3], [3, 1]].
        (DIPVAEI(2.0), 2 * 18 + 20 * 64),
        (DIPVAEI(2.0, lambda_d_factor=0.0), 2 * 18),
        # Variances of e and 1 are added to its diagonal.
        (DIPVAEII(2.0), 2 * 18 + 2 * ((8 + e) ** 2 + 1)),
        (DIPVAEII(2.0, lambda_d_factor=3.0), 2 * 18 + 6 * ((8 + e) ** 2 + 1)),
    ],
)
def test_loss_by_hand(
    objective: DIPVAEI,
    penalty: float,
    stub: Callable[..., Autoencoder],
    loss_of: Callable[..., Loss],
) -> None:
    model = stub([[3.0, 1.0], [-3.0, -1.0]], [[1.0, 0.0], [1.0, 0.0]])
    images = torch.full((2, 1, 64, 64), 0.5)
    loss = loss_of(objective, model, images=images, noise=torch.zeros(2, 2))
    kl = 5 + (e - 2) / 2
    assert loss.kl is not None
    assert loss.kl.item() == pytest.approx(kl)
    assert loss.total.item() - loss.reconstruction.item() == pytest.approx(kl + penalty, rel=1e-4)


def test_variance_is_averaged_over_the_batch(
    stub: Callable[..., Autoencoder], loss_of: Callable[..., Loss]
) -> None:
    """Variances 1/2 and 3/2 make the identity of equal means: no penalty."""
    model = stub([[0.0], [0.0]], [[log(0.5)], [log(1.5)]])
    changes = {"images": torch.zeros(2, 1, 64, 64), "noise": torch.zeros(2, 1)}
    second, first = (loss_of(o(1.0), model, **changes) for o in (DIPVAEII, DIPVAEI))
    assert second.kl is not None
    assert (second.total - second.reconstruction - second.kl).item() == pytest.approx(0, abs=1e-3)
    assert first.kl is not None
    assert (first.total - first.reconstruction - first.kl).item() == pytest.approx(10, abs=1e-3)


@pytest.mark.parametrize("objective", BOTH)
def test_at_lambda_zero_it_is_the_vae_to_the_bit(
    objective: type[DIPVAEI], same_bits: Callable[..., bool]
) -> None:
    assert same_bits(objective(0.0), VAE())
    assert not same_bits(objective(1.0), VAE())


def test_defaults_are_those_of_study_v1() -> None:
    assert DIPVAEI(5.0) == DIPVAEI(lambda_od=5.0, lambda_d_factor=10.0)
    assert DIPVAEII(5.0) == DIPVAEII(lambda_od=5.0, lambda_d_factor=1.0)
    with pytest.raises(ValueError, match=r"lambda_od is -1\.0; expected"):
        DIPVAEII(-1.0)
