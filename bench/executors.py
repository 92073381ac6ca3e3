"""Where the cells of a grid are computed: in this process, or over local processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from warnings import catch_warnings

from joblib import Parallel, delayed

from disbench.cells import finish

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from disbench.cells import Cell, Outcome


def default_jobs(device: str) -> int:
    """One process a core on a CPU, each of one thread; one process on a GPU."""
    return len(os.sched_getaffinity(0)) if device == "cpu" else 1


def outcomes(cells: Sequence[Cell], *, jobs: int) -> Generator[Outcome]:
    """Finish the cells, and yield how each ended as soon as it has.

    If the caller is interrupted or closes this early, the workers are killed: a cell under way is
    then as if it had never begun.
    """
    jobs = min(jobs, len(cells))
    # Cells last minutes: a batch of them for one worker would leave another idle.
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    finished = parallel(delayed(finish)(cell) for cell in cells)
    try:
        for outcome in finished:  # noqa: UP028 - that would close it outside of the block below
            yield outcome
    finally:
        with catch_warnings(action="ignore"):  # joblib remarks on the tasks that it gives up
            finished.close()  # which kills the workers if it is not at its end
