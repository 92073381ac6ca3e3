"""Canonical codes on the factor grid of dSprites: each shows one thing that metrics disagree on."""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

import numpy as np

from disbench.metrics.arrays import FloatArray, IntArray
from disbench.metrics.table import CodeTable

NAMES = ("shape", "scale", "orientation", "position_x", "position_y")
N_CODES = 10
_POSTERIOR_DEVIATION = 0.05

GRIDS: Mapping[str, tuple[tuple[int, ...], int]] = MappingProxyType(
    {
        "whole": ((3, 6, 40, 32, 32), 1),
        "coarse": ((3, 6, 10, 16, 16), 1),
        "tiny": ((3, 3, 4, 4, 4), 27),
    }
)
"""Name -> sizes of a grid of factors, and how often each combination occurs."""


@cache
def labels(grid: str) -> IntArray:
    """Return the (n, 5) factors of a grid: 737,280, 46,080 or 15,552 rows."""
    sizes, n_times = GRIDS[grid]
    return np.tile(np.indices(sizes).reshape(len(sizes), -1).T, (n_times, 1))


@cache
def table(codes: str, grid: str) -> CodeTable:
    """Return canonical codes with their factors and a posterior."""
    return code_table(CANONICAL[codes](standard(labels(grid)), np.random.default_rng(0)), grid)


def code_table(codes: FloatArray, grid: str) -> CodeTable:
    """Return codes with the factors of a grid and a posterior.

    Its deviation is 0.05 in every dimension whose codes deviate by as much, and that of the prior,
    1, in the others.
    """
    used = codes.std(axis=0) >= _POSTERIOR_DEVIATION
    log_variance = np.where(used, 2 * np.log(_POSTERIOR_DEVIATION), 0).astype(np.float32)
    return CodeTable(
        codes.astype(np.float32),
        labels(grid),
        NAMES,
        np.broadcast_to(log_variance, codes.shape),
    )


def standard(values: IntArray | FloatArray) -> FloatArray:
    """Return the columns with mean 0 and variance 1."""
    standardised: FloatArray = (values - values.mean(axis=0)) / values.std(axis=0)
    return standardised


def padded(codes: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the codes and dead dimensions, of deviation 0.01, ten in all."""
    return np.hstack([codes, rng.normal(0, 0.01, (len(codes), N_CODES - codes.shape[1]))])


def rotated(factors: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the factors in a random orthonormal basis, and dead dimensions."""
    basis = np.linalg.qr(rng.normal(size=(factors.shape[1], factors.shape[1])))[0]
    return padded(factors @ basis, rng)


def _position_diagonal(factors: FloatArray, rng: np.random.Generator) -> FloatArray:
    x, y = factors[:, 3], factors[:, 4]
    diagonal = np.stack([x + y, x - y], axis=1) / np.sqrt(2)
    return padded(np.hstack([factors[:, :3], diagonal]), rng)


def _two_in_one(factors: FloatArray, rng: np.random.Generator) -> FloatArray:
    both = (factors[:, 3:4] + factors[:, 4:5]) / np.sqrt(2)
    return padded(np.hstack([factors[:, :3], both]), rng)


def _warped(factors: FloatArray, rng: np.random.Generator) -> FloatArray:
    warps = (np.exp, np.sinh, np.arctan, np.cbrt, lambda x: x**3)
    columns = [warp(column) for warp, column in zip(warps, factors.T, strict=True)]
    return padded(standard(np.stack(columns, axis=1)), rng)


def _orientation_as_angle(factors: FloatArray, rng: np.random.Generator) -> FloatArray:
    place = np.unique(factors[:, 2], return_inverse=True)[1]
    angle = 2 * np.pi * place / (place.max() + 1)
    circle = np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return padded(np.hstack([np.delete(factors, 2, axis=1), circle]), rng)


CANONICAL: Mapping[str, Callable[[FloatArray, np.random.Generator], FloatArray]] = MappingProxyType(
    {
        "factors": lambda factors, _: factors,
        "factors and dead": padded,
        "shape missing": lambda factors, rng: padded(factors[:, 1:], rng),
        "rotated": rotated,
        "position by 45 degrees": _position_diagonal,
        "each factor twice": lambda factors, _: np.hstack([factors, factors]),
        "positions in one dimension": _two_in_one,
        "monotone warps": _warped,
        "orientation as cos and sin": _orientation_as_angle,
        "noise": lambda factors, rng: rng.normal(size=(len(factors), N_CODES)),
        "zeros": lambda factors, _: np.zeros((len(factors), N_CODES)),
    }
)
"""Name -> codes of standardised factors: (n, 5) -> (n, d). Dimensions in use have variance 1."""
