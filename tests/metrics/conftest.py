"""Codes whose scores are known, on the factor grid of dSprites."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from disbench.metrics.arrays import FloatArray, IntArray
from disbench.metrics.table import CodeTable

NAMES = ("shape", "scale", "orientation", "position_x", "position_y")
SIZES = (3, 6, 40, 32, 32)
N_CODES = 10


def _grid(sizes: tuple[int, ...]) -> IntArray:
    return np.indices(sizes).reshape(len(sizes), -1).T.copy()


def _dead(n: int, d: int, rng: np.random.Generator) -> FloatArray:
    return rng.normal(0, 0.01, (n, d))


def _padded(codes: FloatArray, rng: np.random.Generator) -> FloatArray:
    return np.hstack([codes, _dead(len(codes), N_CODES - codes.shape[1], rng)])


def _rotation(rng: np.random.Generator) -> FloatArray:
    return np.linalg.qr(rng.normal(size=(5, 5)))[0]


CANONICAL: dict[str, Callable[[FloatArray, np.random.Generator], FloatArray]] = {
    "factors": lambda factors, _: factors,
    "factors and dead": _padded,
    "factors and constants": lambda factors, _: np.hstack([factors, np.zeros_like(factors)]),
    "shape missing": lambda factors, rng: _padded(factors[:, 1:], rng),
    "rotated": lambda factors, rng: _padded(factors @ _rotation(rng), rng),
    "each factor twice": lambda factors, _: np.hstack([factors, factors]),
    "noise": lambda factors, rng: rng.normal(size=(len(factors), N_CODES)),
    "zeros": lambda factors, _: np.zeros((len(factors), N_CODES)),
}


def _table(name: str, factors: IntArray) -> CodeTable:
    standard = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    codes = CANONICAL[name](standard, np.random.default_rng(0))
    return CodeTable(codes.astype(np.float32), factors, NAMES)


@pytest.fixture(scope="session")
def canonical() -> Callable[[str], CodeTable]:
    """Canonical codes by name, on all 737,280 factor combinations."""
    factors = _grid(SIZES)
    return cache(lambda name: _table(name, factors))


@pytest.fixture(scope="session")
def coarse() -> Callable[[str], CodeTable]:
    """Canonical codes by name, on every 2nd position and every 4th orientation: 46,080 rows."""
    factors = _grid((3, 6, 10, 16, 16))
    return cache(lambda name: _table(name, factors))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20190612)
