"""The KL is held at a capacity that depends on the step alone."""

from __future__ import annotations

from math import e, exp, log
from typing import TYPE_CHECKING

import pytest
import torch

from disbench.models.objectives import CCIVAE, VAE, BetaVAE

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objectives import Loss

    MakeModel = Callable[..., Autoencoder]
    LossOf = Callable[..., Loss]

ONE = {"images": torch.zeros(1, 1, 64, 64), "noise": torch.zeros(1, 1)}


@pytest.mark.parametrize(
    ("step", "distance"),
    [(0, 4.5), (25, 4.5 - 2), (50, 4.5 - 4), (75, 6 - 4.5), (100, 8 - 4.5), (1000, 8 - 4.5)],
)
def test_capacity_rises_linearly_and_stays(
    step: int, distance: float, stub: MakeModel, loss_of: LossOf
) -> None:
    """The KL of a mean of 3 is 4.5; 8 nats are reached at step 100."""
    loss = loss_of(CCIVAE(8.0, gamma=10.0, ramp=100.0), stub([[3.0]], [[0.0]]), **ONE, step=step)
    assert loss.kl is not None
    assert loss.kl.item() == 4.5
    assert loss.reconstruction.item() == pytest.approx(4096 * log(1 + exp(3)))
    assert loss.total.item() == pytest.approx(loss.reconstruction.item() + 10 * distance)


def test_the_distance_is_that_of_the_mean_kl(stub: MakeModel, loss_of: LossOf) -> None:
    """Of two images with 0 and 8 nats, whose mean is the capacity."""
    model = stub([[0.0], [4.0]], [[0.0], [0.0]])
    changes = {"images": torch.zeros(2, 1, 64, 64), "noise": torch.zeros(2, 1)}
    loss = loss_of(CCIVAE(4.0, ramp=1.0), model, **changes, step=1)
    assert torch.equal(loss.total, loss.reconstruction)


def test_a_kl_below_the_capacity_is_raised(stub: MakeModel, loss_of: LossOf) -> None:
    """At a logit of 0 the reconstruction is level in no direction but that of a brighter pixel."""
    gradients = []
    for capacity in (0.0, 8.0):
        model = stub([[1.0]], [[0.0]])
        loss = loss_of(CCIVAE(capacity, gamma=1e6, ramp=1.0), model, **ONE, step=1)
        loss.total.backward()
        gradients.append(next(model.parameters()).grad)
    assert gradients[0].item() == pytest.approx(1e6, rel=0.01)
    assert gradients[1].item() == pytest.approx(-1e6, rel=0.01)


def test_defaults_are_those_of_study_v1() -> None:
    assert CCIVAE(25.0) == CCIVAE(capacity=25.0, gamma=1000.0, ramp=100_000.0)


def test_at_capacity_zero_it_is_the_beta_vae_to_the_bit(same_bits: Callable[..., bool]) -> None:
    assert same_bits(CCIVAE(0.0, gamma=4.0), BetaVAE(4.0), step=7)
    assert same_bits(CCIVAE(9.0, gamma=1.0), VAE(), step=0)
    assert not same_bits(CCIVAE(9.0, gamma=1.0), VAE(), step=100_000)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((-e,), "capacity is -2.7"),
        ((1.0, -1.0), "gamma is -1.0; expected a finite number of at least 0"),
        ((1.0, 1.0, 0.0), "ramp is 0.0; expected more than 0 steps"),
    ],
)
def test_impossible_values_are_refused(values: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CCIVAE(*values)
