"""Mutual information, total correlation and dimension-wise KL of codes, estimated from a batch.

The aggregate posterior q(z) is the mean of q(z given x) over the whole training set, of which a
batch holds a part: two ways of weighing that part are those of Chen et al. 2018, appendix C.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from disbench.models.autoencoder import Posterior


class Decomposition(NamedTuple):
    """The three parts of the KL (Chen et al. 2018, equation 2): scalars in nats per image."""

    mutual_information: Tensor
    total_correlation: Tensor
    dimension_wise_kl: Tensor


def decomposition(posterior: Posterior, codes: Tensor, log_weights: Tensor) -> Decomposition:
    """The parts of the KL of a batch whose posterior and samples (n, latents) these are.

    `log_weights`, (n, n), are what each posterior counts, a column, in the density at each code, a
    row. Whatever they are, the parts add up to the mean of log q(z given x) - log p(z), whose mean
    over samples is the KL.
    """
    densities = _log_density(  # (code, posterior, dimension)
        codes[:, None], posterior.mean[None], posterior.log_variance[None]
    )
    own = densities.diagonal().sum(dim=0)  # the diagonal becomes the last axis
    joint = torch.logsumexp(densities.sum(dim=2) + log_weights, dim=1)
    marginal = torch.logsumexp(densities + log_weights[:, :, None], dim=1).sum(dim=1)
    zeros = torch.zeros_like(codes)
    prior = _log_density(codes, zeros, zeros).sum(dim=1)
    return Decomposition(
        mutual_information=(own - joint).mean(),
        total_correlation=(joint - marginal).mean(),
        dimension_wise_kl=(marginal - prior).mean(),
    )


def weighted_sampling(n: int, *, n_images: int, device: torch.device | str = "cpu") -> Tensor:
    """Log-weights (n, n) of minibatch-weighted sampling: 1 / (n * n_images) for all.

    Chen et al. 2018, section 3.1, equation 3. A row sums to 1 / n_images, so densities come out too
    small: the mutual information is log(n_images) more than that of the batch as a whole data set,
    and the total correlation (latents - 1) times as much more. No gradient has these constants.
    """
    return torch.full((n, n), -math.log(n * n_images), device=device)


def stratified_sampling(n: int, *, n_images: int, device: torch.device | str = "cpu") -> Tensor:
    """Log-weights (n, n) of minibatch stratified sampling: each row sums to 1.

    Chen et al. 2018, appendix C.2, with M = n - 1: 1 / N for the image that a code is of,
    (N - M) / (N M) for one of the others, the next in the batch, and 1 / M for the rest. Over
    batches without an image twice, the weighted density at a code is q(z) in expectation.
    The authors' published code has the first two weights in the first two columns of every row.

    Raises `ValueError` for a batch of fewer than two images, or more than there are.
    """
    if not 1 < n <= n_images:
        raise ValueError(f"the batch has {n} images; expected 2 to {n_images}")
    others = n - 1
    weights = torch.full((n, n), -math.log(others), device=device)
    rows = torch.arange(n, device=device)
    weights[rows, rows] = -math.log(n_images)
    weights[rows, (rows + 1) % n] = math.log((n_images - others) / (n_images * others))
    return weights


def _log_density(codes: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Of each dimension under its Gaussian, in nats; the shapes are broadcast."""
    squares = (codes - mean).square() * torch.exp(-log_variance)
    return -0.5 * (squares + log_variance + math.log(2 * math.pi))
