"""Random streams that belong to a run: named, independent, and addressable by step.

Everything random about a run is drawn from its identity and the name of a purpose, never from a
global generator, so that it does not depend on what else is trained, where or in which order.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream_key(identity: str, purpose: str) -> int:
    """A 128-bit key for one purpose of one run."""
    digest = hashlib.sha256(f"{identity}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:16], "big")


def generator(key: int, *, step: int = 0) -> np.random.Generator:
    """The generator of a stream at a step.

    It is a pure function of both, so that a run that goes on at step t draws what it would have
    drawn there anyway. Philox is a counter-based generator (Salmon et al. 2011): the step is the
    highest word of its 256-bit counter, which leaves each step 2^192 blocks of its own.
    """
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, step]))
