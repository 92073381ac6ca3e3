"""The metrics of pairs and of votes as their papers put them, a point after the other.

Tables hold every combination of factors once, in order, as the whole set of images does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from disbench.metrics.table import CodeTable

    Points = tuple[NDArray[np.float32], NDArray[np.int64]]

N_TRAIN = 10_000
N_TEST = 5_000
N_PAIRS = 64
N_ADAGRAD_STEPS = 10_000


def beta_vae(table: CodeTable) -> float:
    """The beta-VAE metric by logistic regression."""
    points, labels = _points(table, range(table.n_factors))
    classifier = LogisticRegression(max_iter=1_000).fit(points[:N_TRAIN], labels[:N_TRAIN])
    return float(classifier.score(points[N_TRAIN:], labels[N_TRAIN:]))


def beta_vae_by_adagrad(table: CodeTable) -> float:
    """The same by a layer of torch with its Adagrad; the first factor is never shared."""
    inputs, labels = map(torch.from_numpy, _points(table, range(1, table.n_factors)))
    layer = nn.Linear(table.n_codes, table.n_factors)
    optimiser = torch.optim.Adagrad(layer.parameters(), lr=0.01, initial_accumulator_value=0.1)
    for _ in range(N_ADAGRAD_STEPS):
        batch = torch.randint(N_TRAIN, (10,))
        optimiser.zero_grad()
        nn.functional.cross_entropy(layer(inputs[batch]), labels[batch]).backward()
        optimiser.step()
    named = layer(inputs[N_TRAIN:]).argmax(dim=1)
    return float((named == labels[N_TRAIN:]).float().mean())


def factor_vae(table: CodeTable) -> float:
    """The FactorVAE metric with 10,000 votes of 64 rows, judged on 5,000 others."""
    rng = np.random.default_rng(0)
    variance = table.codes[rng.integers(table.n, size=10_000)].var(axis=0)
    train, test = (_votes(table, variance, n, 64, rng) for n in (N_TRAIN, N_TEST))
    return float(test[np.arange(len(test)), train.argmax(axis=1)].sum() / test.sum())


def factor_vae_of_its_own_votes(table: CodeTable) -> float:
    """The same with 800 votes of 200 rows, judged on themselves."""
    votes = _votes(table, table.codes.var(axis=0), 800, 200, np.random.default_rng(0))
    return float(votes.max(axis=1).sum() / votes.sum())


def _points(table: CodeTable, factors: range) -> Points:
    rng = np.random.default_rng(0)
    points = [_point(table, int(rng.choice(factors)), rng) for _ in range(N_TRAIN + N_TEST)]
    differences, labels = zip(*points, strict=True)
    return np.array(differences), np.array(labels)


def _point(
    table: CodeTable, label: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], int]:
    first, second = rng.integers(table.n_values, size=(2, N_PAIRS, table.n_factors))
    second[:, label] = first[:, label]
    difference = table.codes[_rows(table, first)] - table.codes[_rows(table, second)]
    return np.abs(difference).mean(axis=0), label


def _votes(
    table: CodeTable,
    variance: NDArray[np.float32],
    n_votes: int,
    n_rows: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """How often each dimension was named for each factor: (d, k)."""
    votes = np.zeros((table.n_codes, table.n_factors), np.int64)
    for _ in range(n_votes):
        factor = rng.integers(table.n_factors)
        group = rng.integers(table.n_values, size=(n_rows, table.n_factors))
        group[:, factor] = group[0, factor]
        local = table.codes[_rows(table, group)].var(axis=0)
        votes[(local / variance).argmin(), factor] += 1
    return votes


def _rows(table: CodeTable, factors: NDArray[np.int64]) -> NDArray[np.intp]:
    return np.ravel_multi_index(tuple(factors.T), table.n_values)
