"""Everything that is measured, by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import data
import encoding
import reporting
import scoring
import starting
import training
from literal_metrics import LITERAL

from disbench.models.networks import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from machine import Setting
    from measurement import Measurement

PRECISIONS = ("fp32", "bf16")

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
    **{f"encode/{network}": partial(encoding.measure, network=network) for network in NETWORKS},
    **{f"protocol/{name}": partial(scoring.measure, name=name) for name in scoring.FAST},
    "report": reporting.measure,
}

LEFT_OUT_WHEN_QUICK = frozenset(f"protocol/{name}" for name in scoring.FAST if name not in LITERAL)
"""Without a literal form beside them, these would cost time and say little."""
