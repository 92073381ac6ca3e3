"""Initial weights, the reparametrised sample and the KL are those of the papers."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from disbench.models.autoencoder import Posterior
from disbench.models.networks import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder

# sqrt(6 / (fan-in + fan-out)), where a kernel's fans count its places.
LIMITS = {
    "encoder.0.weight": sqrt(6 / (16 * (1 + 32))),
    "encoder.2.weight": sqrt(6 / (16 * (32 + 32))),
    "encoder.4.weight": sqrt(6 / (4 * (32 + 64))),
    "encoder.6.weight": sqrt(6 / (4 * (64 + 64))),
    "encoder.9.weight": sqrt(6 / (1024 + 256)),
    "mean.weight": sqrt(6 / (256 + 100)),
    "log_variance.weight": sqrt(6 / (256 + 100)),
    "decoder.0.weight": sqrt(6 / (100 + 256)),
    "decoder.2.weight": sqrt(6 / (256 + 1024)),
    "decoder.5.weight": sqrt(6 / (16 * (64 + 64))),
    "decoder.7.weight": sqrt(6 / (16 * (64 + 32))),
    "decoder.9.weight": sqrt(6 / (16 * (32 + 32))),
    "decoder.11.weight": sqrt(6 / (16 * (32 + 1))),
}


def test_kernels_are_glorot_uniform(built: Callable[..., Autoencoder]) -> None:
    weights = {
        name: parameter.detach().double().numpy()
        for name, parameter in built("conv", latents=100).named_parameters()
        if parameter.ndim > 1
    }
    assert weights.keys() == LIMITS.keys()
    for name, limit in LIMITS.items():
        values = weights[name].ravel()
        assert 0.98 * limit < np.abs(values).max() <= limit * (1 + 1e-6), name
        # A uniform variable has variance limit^2 / 3, known here to a few parts in sqrt(n).
        assert values.var() == pytest.approx(limit**2 / 3, rel=5 / sqrt(len(values))), name
        assert abs(values.mean()) < 4 * limit / sqrt(3 * len(values)), name


@pytest.mark.parametrize("network", ["conv", "burgess"])
def test_biases_are_zero(network: str, built: Callable[..., Autoencoder]) -> None:
    biases = [p for p in built(network).parameters() if p.ndim == 1]
    assert len(biases) == {"conv": 13, "burgess": 15}[network]
    assert not any(bias.any() for bias in biases)


def test_weights_are_those_of_the_generator(built: Callable[..., Autoencoder]) -> None:
    first, again, other = (dict(built(seed=s).named_parameters()) for s in (0, 0, 1))
    kernels = [name for name, parameter in first.items() if parameter.ndim > 1]
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any((first[name] == other[name]).any() for name in kernels)


def test_no_two_kernels_share_their_draws(built: Callable[..., Autoencoder]) -> None:
    model = built(latents=10)
    assert not torch.equal(model.mean.weight, model.log_variance.weight)


def test_global_generators_are_neither_used_nor_moved(built: Callable[..., Autoencoder]) -> None:
    torch_state = torch.get_rng_state()
    [_, numpy_keys, *numpy_state] = np.random.get_state()  # noqa: NPY002 - the global one
    before = built().mean.weight
    torch.manual_seed(12345)
    after = built().mean.weight
    torch.set_rng_state(torch_state)
    assert torch.equal(before, after)
    built()
    assert torch.equal(torch.get_rng_state(), torch_state)
    [_, keys_now, *state_now] = np.random.get_state()  # noqa: NPY002
    assert state_now == numpy_state
    assert np.array_equal(keys_now, numpy_keys)


def test_sample_is_mean_plus_deviation_times_noise() -> None:
    posterior = Posterior(torch.tensor([[1.0, -2.0]]), torch.tensor([[2 * log(3.0), 2 * log(0.5)]]))
    sample = posterior.sample(torch.tensor([[2.0, -4.0]]))
    assert sample[0].tolist() == pytest.approx([1 + 3 * 2, -2 + 0.5 * -4])


def test_sample_carries_gradients_to_both_heads() -> None:
    mean = torch.tensor([[0.5]], requires_grad=True)
    log_variance = torch.tensor([[log(4.0)]], requires_grad=True)
    Posterior(mean, log_variance).sample(torch.tensor([[3.0]])).backward()
    assert mean.grad is not None
    assert log_variance.grad is not None
    assert mean.grad.item() == 1
    assert log_variance.grad.item() == pytest.approx(0.5 * 2 * 3)  # d exp(l / 2) e / dl


def test_kl_of_the_prior_is_zero() -> None:
    assert Posterior(torch.zeros(2, 3), torch.zeros(2, 3)).kl().tolist() == [[0.0] * 3] * 2


def test_kl_by_hand() -> None:
    posterior = Posterior(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0]]))
    expected = [0.5 * 2**2, 0.5 * (exp(1) - 1 - 1)]
    assert posterior.kl()[0].tolist() == pytest.approx(expected)


def test_kl_is_that_of_two_normal_distributions(drawn: Callable[..., Tensor]) -> None:
    mean, log_variance = drawn(2, 50, 10).double()
    theirs = kl_divergence(Normal(mean, torch.exp(log_variance / 2)), Normal(0.0, 1.0))
    torch.testing.assert_close(Posterior(mean, log_variance).kl(), theirs)


@pytest.mark.parametrize("network", NETWORKS)
def test_heads_are_exact_where_the_network_is_rounded(
    network: str, built: Callable[..., Autoencoder], images: Tensor
) -> None:
    """Under bfloat16 autocast codes keep all bits of a float32, and do not tie."""
    model = built(network)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        features = model.encoder(images)
        mean, log_variance = model.encode(images)
        logits = model.decode(mean)
    assert features.dtype == torch.bfloat16
    assert mean.dtype == log_variance.dtype == logits.dtype == torch.float32
    assert torch.equal(mean, model.mean(features.float()))
    assert torch.equal(log_variance, model.log_variance(features.float()))
    assert not torch.equal(mean, mean.bfloat16().float())
