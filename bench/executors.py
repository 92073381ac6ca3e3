"""Where the cells of a grid are computed: in this process, or over local processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from disbench.cells import finish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from disbench.cells import Cell, Outcome


def default_jobs(device: str) -> int:
    """One process a core on a CPU, each of one thread; one process on a GPU."""
    return len(os.sched_getaffinity(0)) if device == "cpu" else 1


def outcomes(cells: Sequence[Cell], *, jobs: int) -> Iterator[Outcome]:
    """Finish the cells, and yield how each ended as soon as it has.

    If the caller is interrupted, the workers are killed: a cell under way is then as if it had
    never begun.
    """
    jobs = min(jobs, len(cells))
    # Cells last minutes: a batch of them for one worker would leave another idle.
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    try:
        yield from parallel(delayed(finish)(cell) for cell in cells)
    except BaseException:
        if jobs > 1:
            get_reusable_executor().shutdown(wait=False, kill_workers=True)
        raise
