"""Numbers that look random and are a function of their address: nothing is stored of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Steele, Lea & Flood 2014, figure 17 (SplitMix64): the golden ratio and the mixers "variant 13".
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def split_mix(seed: int, counters: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The numbers that SplitMix64 gives from this seed after so many calls: of the same shape.

    Uniform over 0 to 2**64 - 1; integers alone, so the same on every machine.
    """
    z = np.uint64(seed) + (counters + np.uint64(1)) * _GAMMA  # arrays wrap round, as is meant
    z = (z ^ (z >> np.uint64(30))) * _MIXERS[0]
    z = (z ^ (z >> np.uint64(27))) * _MIXERS[1]
    return np.asarray(z ^ (z >> np.uint64(31)))


def seed_of(name: str) -> int:
    """A seed of 64 bits that belongs to a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def identity_of(definition: str, base_sha256: str) -> str:
    """The SHA-256 that names what is made of a set of images, as its definition says."""
    return hashlib.sha256(f"disbench {definition} {base_sha256}".encode()).hexdigest()
