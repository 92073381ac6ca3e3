"""Everything that is measured, by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import checkpoints
import data
import dispatching
import encoding
import exploring
import reporting
import scoring
import starting
import together
import training
from machine import PRECISIONS

from disbench.models.networks import NETWORKS
from disbench.models.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from machine import Setting
    from measurement import Measurement

ROWS: Mapping[str, Callable[[Setting], Measurement]] = {
    "start/help": starting.measure_help,
    "start/score": starting.measure_score,
    "render": data.measure_render,
    "batch": data.measure_batches,
    **{
        f"step/{network}/{precision}": partial(
            training.measure, network=network, precision=precision
        )
        for network in NETWORKS
        for precision in PRECISIONS
    },
    "step/keeping freed memory": training.measure_kept_memory,
    **{
        f"pair/{network}/{precision}": partial(
            together.measure, network=network, precision=precision
        )
        for network in NETWORKS
        for precision in PRECISIONS
    },
    **{
        f"objective/{name}": partial(training.measure_objective, name=name)
        for name in OBJECTIVES
        if name != "beta_vae"
    },
    **{
        f"checkpoint/{network}": partial(checkpoints.measure, network=network)
        for network in NETWORKS
    },
    **{f"encode/{network}": partial(encoding.measure, network=network) for network in NETWORKS},
    **{f"protocol/{name}": partial(scoring.measure, name=name) for name in scoring.NAMES},
    **{
        f"cluster/{'shared' if shared else 'unshared'}/{n_runs}": partial(
            dispatching.measure_cluster, n_runs=n_runs, shared=shared
        )
        for shared in (True, False)
        for n_runs in (1_000, 10_000)
    },
    "to do": partial(dispatching.measure_to_do, n_runs=10_000),
    "report": reporting.measure,
    "explorer": exploring.measure,
}

QUICK = (
    "start/help",
    "render",
    "batch",
    "step/*/bf16",
    "encode/conv",
    "protocol/beta_vae/locatello2019",
    "protocol/mig/locatello2019",
)
"""What a minute is enough for."""
