"""How many processes a machine has cores for, and one thread for each of them."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterator


def default_jobs() -> int:
    """One process a core, each of one thread; where a GPU trains, they score what it has."""
    return len(os.sched_getaffinity(0))


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside the block: torch, and the BLAS behind numpy and scikit-learn.

    Sums in another order are other bits, so the number of threads is part of every result. A grid
    is spread over processes instead, which wastes less than threads do on networks this small.
    """
    torch = sys.modules.get("torch")  # it takes a second to load, and scores do without
    threads = None if torch is None else torch.get_num_threads()
    if torch is not None:
        torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        if torch is not None:
            torch.set_num_threads(threads)
