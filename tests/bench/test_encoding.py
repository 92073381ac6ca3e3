"""Codes are the posterior of every image of a grid, in its order, and in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from disbench.dsprites import FactorGrid, PackedImages
from disbench.encoding import Codes, encode, encode_rows
from disbench.trainer import initial_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run

# 72 images: a batch of 64, and one that is not full.
MINI = FactorGrid("mini", stride=(1, 2, 20, 16, 16))


@pytest.fixture
def model(make_run: Callable[..., Run]) -> Autoencoder:
    return initial_model(make_run())


@pytest.fixture
def codes(model: Autoencoder, whole: PackedImages) -> Codes:
    return encode(model, whole, MINI, variational=True, device="cpu")


def test_codes_are_the_forward_pass(codes: Codes, model: Autoencoder, whole: PackedImages) -> None:
    pixels = torch.from_numpy(whole.unpack(MINI.rows())).float()[:, None]
    with torch.no_grad():
        mean, log_variance = model.encode(pixels)
    assert codes.log_variance is not None
    np.testing.assert_allclose(codes.mean, mean.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(codes.log_variance, log_variance.numpy(), rtol=1e-4, atol=1e-6)
    assert codes.mean.shape == codes.log_variance.shape == (72, 3)
    assert len(np.unique(codes.mean, axis=0)) == 72


def test_any_rows_are_encoded_in_their_order(
    codes: Codes, model: Autoencoder, whole: PackedImages
) -> None:
    chosen = np.array([70, 3, 3])
    mean, log_variance = encode_rows(model, whole, MINI.rows()[chosen], device="cpu")
    np.testing.assert_allclose(mean, codes.mean[chosen], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(log_variance, codes.log_variance[chosen], rtol=1e-4, atol=1e-6)


def test_codes_are_float32_whatever_trained_the_model(
    codes: Codes, make_run: Callable[..., Run], whole: PackedImages
) -> None:
    assert codes.mean.dtype == np.float32
    # The same weights, though they belong to a run in bf16, are not rounded here.
    model = initial_model(make_run(precision="bf16"))
    model.load_state_dict(initial_model(make_run()).state_dict())
    again = encode(model, whole, MINI, variational=True, device="cpu")
    assert np.array_equal(again.mean, codes.mean)


def test_codes_know_their_grid(codes: Codes) -> None:
    assert codes.grid is MINI


def test_codes_of_an_autoencoder_have_no_posterior(
    codes: Codes, model: Autoencoder, whole: PackedImages
) -> None:
    without = encode(model, whole, MINI, variational=False, device="cpu")
    assert without.log_variance is None
    assert without.kl() is None
    assert np.array_equal(without.mean, codes.mean)


def test_kl_by_dimension_is_that_of_two_normal_distributions() -> None:
    rng = np.random.default_rng(1)
    mean, log_variance = rng.normal(size=(2, 500, 4)).astype(np.float32)
    kl = Codes(MINI, mean, log_variance).kl()
    deviation = torch.exp(torch.from_numpy(log_variance).double() / 2)
    theirs = kl_divergence(Normal(torch.from_numpy(mean).double(), deviation), Normal(0.0, 1.0))
    assert kl is not None
    assert kl.shape == (4,)
    np.testing.assert_allclose(kl, theirs.mean(0).numpy(), rtol=1e-9)


def test_kl_of_the_prior_is_zero() -> None:
    zeros = np.zeros((5, 2), np.float32)
    kl = Codes(MINI, zeros, zeros).kl()
    assert kl is not None
    assert kl.tolist() == [0, 0]


def test_encoding_leaves_no_gradients(model: Autoencoder, codes: Codes) -> None:
    assert isinstance(codes.mean, np.ndarray)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.mean.weight.requires_grad
