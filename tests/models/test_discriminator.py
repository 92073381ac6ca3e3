"""A network learns to tell codes from permuted ones, and with it their total correlation."""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np
import pytest
import torch
from torch import nn

from disbench.models.discriminator import (
    cross_entropy,
    density_ratio,
    discriminator,
    permutations,
    permuted_dimensions,
)


def test_network_is_that_of_the_paper() -> None:
    network = discriminator(latents=10, rng=np.random.default_rng(0))
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    sizes = [(layer.in_features, layer.out_features) for layer in linear]
    assert sizes == [(10, 1000), *[(1000, 1000)] * 5, (1000, 2)]
    leaky = [layer for layer in network.modules() if isinstance(layer, nn.LeakyReLU)]
    assert [layer.negative_slope for layer in leaky] == [0.2] * 6
    assert network(torch.zeros(3, 10)).tolist() == [[0, 0]] * 3  # the biases are zero


def test_kernels_are_glorot_uniform_and_of_the_generator_alone() -> None:
    before = torch.get_rng_state()
    first, second, other = (
        discriminator(latents=4, rng=np.random.default_rng(seed)).state_dict() for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    kernel = first["2.weight"]
    assert kernel.abs().max().item() == pytest.approx((6 / 2000) ** 0.5, rel=1e-3)
    assert kernel.std().item() == pytest.approx((6 / 2000 / 3) ** 0.5, rel=0.01)
    assert not torch.equal(kernel, other["2.weight"])


def test_density_ratio_by_hand() -> None:
    assert density_ratio(torch.tensor([[3.0, 1.0], [0.0, 4.0]])).item() == (2 - 4) / 2


def test_cross_entropy_by_hand() -> None:
    joint, permuted = torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    # -log softmax: log(1 + exp(-2)) and log 2 of the joint ones, log(1 + exp(1)) of the other.
    expected = 0.5 * (log1p(exp(-2)) + log(2)) / 2 + 0.5 * log1p(exp(1))
    assert cross_entropy(joint, permuted).item() == pytest.approx(expected)


def _orders(n: int, latents: int, rng: np.random.Generator) -> torch.Tensor:
    return torch.from_numpy(permutations(n=n, latents=latents, rng=rng))


def test_every_dimension_is_in_its_order() -> None:
    codes = torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    found = permuted_dimensions(codes, torch.tensor([[1, 2], [0, 1], [2, 0]]))
    assert found.tolist() == [[2, 30], [1, 20], [3, 10]]


def test_every_dimension_is_permuted_on_its_own() -> None:
    codes = torch.arange(300.0).reshape(100, 3)
    found = permuted_dimensions(codes, _orders(100, 3, np.random.default_rng(0)))
    assert torch.equal(found.sort(dim=0).values, codes)
    rows = (found // 3).long()
    assert not any(torch.equal(rows[:, a], rows[:, b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    again = permuted_dimensions(codes, _orders(100, 3, np.random.default_rng(0)))
    assert torch.equal(found, again)


def test_permutations_are_uniform() -> None:
    """Of three rows each has each place a third of the time, in each dimension."""
    rng = np.random.default_rng(0)
    codes = torch.arange(3.0)[:, None].expand(3, 2)
    places = torch.stack([permuted_dimensions(codes, _orders(3, 2, rng)) for _ in range(3000)])
    for value in range(3):
        share = (places == value).float().mean(dim=0)
        torch.testing.assert_close(share, torch.full((3, 2), 1 / 3), atol=0.03, rtol=0)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_it_learns_the_total_correlation_of_gaussians(
    correlation: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-1/2 log(1 - r^2), 0.83 nats at 0.9, after 400 steps of a narrow one on 256 pairs."""
    monkeypatch.setattr("disbench.models.discriminator.WIDTH", 64)
    rng = np.random.default_rng(0)
    network = discriminator(latents=2, rng=rng)
    adam = torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.9))
    factor = torch.from_numpy(np.linalg.cholesky([[1, correlation], [correlation, 1]])).float()

    def codes(n: int) -> torch.Tensor:
        return torch.from_numpy(rng.standard_normal((n, 2), np.float32)) @ factor.T

    for _ in range(400):
        permuted = permuted_dimensions(codes(256), _orders(256, 2, rng))
        loss = cross_entropy(network(codes(256)), network(permuted))
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        found = density_ratio(network(codes(20_000))).item()
    assert found == pytest.approx(-0.5 * log(1 - correlation**2), abs=0.15)
