"""The discrepancy of codes and prior, by hand and from its expectation, and its weight."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from disbench.models.info_vae import mmd
from disbench.models.objectives import VAE, InfoVAE

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objectives import Batch, Loss


def test_mmd_by_hand() -> None:
    """One dimension: kernels exp(-d^2) of points 0 and 1 against 3."""
    found = mmd(torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0]]))
    within = (2 + 2 * exp(-1)) / 4 + 1
    between = (exp(-9) + exp(-4)) / 2
    assert found.item() == pytest.approx(within - 2 * between)


def test_bandwidth_grows_with_the_dimension() -> None:
    found = mmd(torch.zeros(1, 4), torch.full((1, 4), 2.0))
    assert found.item() == pytest.approx(2 - 2 * exp(-16 / 16))


def test_mmd_of_a_sample_with_itself_is_zero() -> None:
    sample = torch.from_numpy(np.random.default_rng(0).standard_normal((50, 3), np.float32))
    assert mmd(sample, sample).item() == pytest.approx(0, abs=1e-6)
    assert mmd(sample, sample.flip(0)).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_mmd_of_gaussians(shift: float) -> None:
    """The mean kernel of N(m, 1) and N(0, 1) is (1 + 4 / c)^(-d / 2) exp(-m^2 / (c + 4)), c = d^2.

    With c = 4 at d = 2; the bias of a sample with itself is (1 - that) / n for each of both. Where
    the means differ, their sampling makes a standard deviation of about 0.01.
    """
    rng = np.random.default_rng(0)
    x, y = (torch.from_numpy(rng.standard_normal((1500, 2), np.float32)) for _ in range(2))
    same, between = 0.5, 0.5 * exp(-2 * shift**2 / 8)
    expected = 2 * same - 2 * between + 2 * (1 - same) / 1500
    assert mmd(x + shift, y).item() == pytest.approx(expected, abs=0.003 if shift == 0 else 0.04)


@pytest.mark.parametrize(
    ("lambda_mmd", "alpha", "of_kl", "of_mmd"),
    [(10.0, 1.0, 0.0, 10.0), (10.0, 0.25, 0.75, 9.25), (3.0, 0.0, 1.0, 2.0)],
)
def test_weights_of_kl_and_discrepancy(  # noqa: PLR0917
    lambda_mmd: float,
    alpha: float,
    of_kl: float,
    of_mmd: float,
    built: Callable[..., Autoencoder],
    make_batch: Callable[..., Batch],
) -> None:
    prior = torch.from_numpy(np.random.default_rng(3).standard_normal((4, 3), np.float32))
    model, batch = built(), make_batch(drawn=prior)
    loss = InfoVAE(lambda_mmd, alpha).loss(model, batch)
    discrepancy = mmd(model.encode(batch.images).sample(batch.noise), prior)
    assert loss.kl is not None
    expected = loss.reconstruction + of_kl * loss.kl + of_mmd * discrepancy
    assert loss.total.item() == pytest.approx(expected.item(), rel=1e-6)


def test_at_alpha_zero_and_lambda_one_it_is_the_vae_to_the_bit(
    same_bits: Callable[..., bool],
) -> None:
    assert same_bits(InfoVAE(1.0, alpha=0.0), VAE())
    assert not same_bits(InfoVAE(2.0, alpha=0.0), VAE())


def test_codes_are_drawn_to_the_prior(
    stub: Callable[..., Autoencoder], loss_of: Callable[..., Loss]
) -> None:
    """Codes around 2 are pushed down, those around -2 up."""
    for centre in (-2.0, 2.0):
        model = stub([[centre]] * 64, [[0.0]] * 64)
        changes = {
            "images": torch.sigmoid(torch.tensor(centre)).expand(64, 1, 64, 64),
            "noise": torch.zeros(64, 1),
        }
        loss_of(InfoVAE(1e5), model, **changes).total.backward()
        gradient = next(model.parameters()).grad
        assert (gradient * centre > 0).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((-1.0,), "lambda_mmd is -1.0; expected a finite number"),
        ((1.0, 1.5), "alpha is 1.5; expected at most 1"),
        ((0.25, 0.5), "lambda_mmd is 0.25; expected at least 1 - alpha = 0.5"),
    ],
)
def test_impossible_values_are_refused(values: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InfoVAE(*values)
