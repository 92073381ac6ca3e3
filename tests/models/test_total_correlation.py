"""The three parts of the KL, against closed forms and the whole data set."""

from __future__ import annotations

from itertools import permutations, product
from math import exp, log
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy.stats import norm

from disbench.models.autoencoder import Posterior
from disbench.models.total_correlation import (
    decomposition,
    stratified_sampling,
    weighted_sampling,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

WEIGHTS = {"weighted": weighted_sampling, "stratified": stratified_sampling}


def _equal(n: int) -> Tensor:
    """Log-weights of a batch that is the whole data set."""
    return torch.full((n, n), -log(n))


def _posterior(mean: np.ndarray, variance: float) -> Posterior:
    means = torch.from_numpy(mean).float()
    return Posterior(means, torch.full_like(means, log(variance)))


def _samples(posterior: Posterior, seed: int = 0) -> Tensor:
    noise = np.random.default_rng(seed).standard_normal(tuple(posterior.mean.shape), np.float32)
    return posterior.sample(torch.from_numpy(noise))


def _gaussian(variance: float) -> Posterior:
    """Means (1,000, 1) that are quantiles of a normal, so that codes are N(0, 1)."""
    quantiles = norm.ppf((np.arange(1000) + 0.5) / 1000)[:, None]
    return _posterior((1 - variance) ** 0.5 * quantiles, variance)


def test_one_gaussian_dimension() -> None:
    """Codes are N(0, 1): the information is log(1 / s), and nothing else costs."""
    posterior = _gaussian(0.1)
    parts = decomposition(posterior, _samples(posterior), _equal(1000))
    # The mean of log q(z|x) over 1,000 samples has a standard error of 0.7 / sqrt(1,000).
    assert parts.mutual_information.item() == pytest.approx(-0.5 * log(0.1), abs=0.07)
    assert parts.total_correlation.item() == pytest.approx(0, abs=1e-5)
    assert parts.dimension_wise_kl.item() == pytest.approx(0, abs=0.01)


def test_two_dimensions_with_one_mean() -> None:
    """Correlated Gaussians: the total correlation is -1/2 log(1 - r^2), here with r = 0.9."""
    one = _gaussian(0.1)
    posterior = Posterior(one.mean.repeat(1, 2), one.log_variance.repeat(1, 2))
    parts = decomposition(posterior, _samples(posterior), _equal(1000))
    assert parts.total_correlation.item() == pytest.approx(-0.5 * log(1 - 0.9**2), abs=0.07)
    assert parts.dimension_wise_kl.item() == pytest.approx(0, abs=0.02)


def test_a_grid_of_means_has_no_total_correlation() -> None:
    """The mixture over a product of means is the product of the mixtures, at every code."""
    means = np.array(list(product((-2.0, 0.0, 1.0), (-1.0, 3.0), (0.0, 5.0))))
    posterior = _posterior(means, 0.3)
    parts = decomposition(posterior, _samples(posterior), _equal(12))
    assert parts.total_correlation.item() == pytest.approx(0, abs=1e-6)
    assert parts.mutual_information.item() > 1


def test_points_far_apart_tell_which_image() -> None:
    """Four codes that never meet: 2 log 2 of information, and log 2 twice of correlation."""
    posterior = _posterior(np.array([[100.0] * 3, [-100.0] * 3]).repeat(1, axis=0), 1.0)
    parts = decomposition(posterior, posterior.mean, _equal(2))
    assert parts.mutual_information.item() == pytest.approx(log(2), abs=1e-5)
    assert parts.total_correlation.item() == pytest.approx(2 * log(2), abs=1e-4)


def test_parts_by_hand() -> None:
    """Two images with means 0 and 2 in one dimension, of variance 1, coded by their means."""
    posterior = _posterior(np.array([[0.0], [2.0]]), 1.0)
    parts = decomposition(posterior, posterior.mean, _equal(2))
    density = log((1 + exp(-2)) / 2)  # at both codes, over that of a mean
    assert parts.mutual_information.item() == pytest.approx(-density)
    assert parts.total_correlation.item() == pytest.approx(0, abs=1e-6)
    assert parts.dimension_wise_kl.item() == pytest.approx(density + 1)  # prior: exp(-2) at 2


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_parts_add_up_to_the_sampled_kl(name: str, drawn: Callable[..., Tensor]) -> None:
    posterior = Posterior(drawn(6, 4), drawn(12, 4)[6:])
    codes = posterior.sample(drawn(18, 4)[12:])
    parts = decomposition(posterior, codes, WEIGHTS[name](6, n_images=500))
    deviation = (codes - posterior.mean) / (posterior.log_variance / 2).exp()
    own = -0.5 * (deviation.square() + posterior.log_variance).sum(dim=1)
    expected = (own + 0.5 * codes.square().sum(dim=1)).mean()
    assert sum(parts).item() == pytest.approx(expected.item(), rel=1e-5)


def test_weighted_sampling_is_the_batch_as_a_data_set_but_for_constants(
    drawn: Callable[..., Tensor],
) -> None:
    posterior = Posterior(drawn(6, 4), drawn(12, 4)[6:])
    codes = posterior.sample(drawn(18, 4)[12:])
    found = decomposition(posterior, codes, weighted_sampling(6, n_images=500))
    whole = decomposition(posterior, codes, _equal(6))
    differences = [(ours - theirs).item() for ours, theirs in zip(found, whole, strict=True)]
    assert differences == pytest.approx([log(500), 3 * log(500), -4 * log(500)], rel=1e-5)


def test_weights_of_a_stratified_batch_by_hand() -> None:
    """Three of ten images: 1/10 for its own, (10 - 2) / 20 for the next, 1/2 for the other."""
    expected = [[0.1, 0.4, 0.5], [0.5, 0.1, 0.4], [0.4, 0.5, 0.1]]
    found = stratified_sampling(3, n_images=10).exp()
    torch.testing.assert_close(found, torch.tensor(expected))


@pytest.mark.parametrize(("n", "n_images"), [(2, 2), (5, 5), (64, 737_280)])
def test_stratified_weights_sum_to_one(n: int, n_images: int) -> None:
    rows = stratified_sampling(n, n_images=n_images).exp().sum(dim=1)
    torch.testing.assert_close(rows, torch.ones(n), rtol=1e-5, atol=0)


def test_stratified_densities_are_unbiased() -> None:
    """Over all batches of 3 out of 5 images in any order, the mean at a code is q(z), exactly."""
    densities = np.random.default_rng(0).uniform(size=5)  # of one code, under each image
    weights = stratified_sampling(3, n_images=5).exp().double().numpy()
    batches = [batch for batch in permutations(range(5), 3) if batch[0] == 2]
    found = np.mean([weights[0] @ densities[list(batch)] for batch in batches])
    assert found == pytest.approx(densities.mean(), rel=1e-6)


@pytest.mark.parametrize(("n", "n_images"), [(1, 5), (6, 5)])
def test_a_batch_that_cannot_be_stratified_is_refused(n: int, n_images: int) -> None:
    with pytest.raises(ValueError, match=f"the batch has {n} images; expected 2 to 5"):
        stratified_sampling(n, n_images=n_images)


def test_codes_far_from_everything_keep_their_gradients() -> None:
    """Densities of exp(-5,000) are no float32, but their logarithms are."""
    posterior = _posterior(np.array([[0.0, 0.0], [1.0, 1.0]]), 1.0)
    codes = torch.full((2, 2), 100.0, requires_grad=True)
    parts = decomposition(posterior, codes, _equal(2))
    parts.total_correlation.backward()
    assert parts.total_correlation.isfinite()
    assert codes.grad is not None
    assert codes.grad.isfinite().all()
