"""What figures are drawn from: the evidence of a small directory."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import pytest

from disbench.evidence import Evidence, gather
from disbench.records import LossRecord
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}


@pytest.fixture
def store(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> Store:
    """An autoencoder and two betas of two seeds each, scored by two protocols."""
    store = Store(tmp_path / "results")
    settings = [AE, {"hyperparameters": {"beta": 16.0}}, {"hyperparameters": {"beta": 1.0}}]
    for place, setting in enumerate(settings):
        for seed in (0, 1):
            scores = {"mig/exact": 0.1 + 0.2 * place + 0.01 * seed, "irs/suter2019": 0.5}
            losses = [LossRecord(step, 90.0, 80.0 - step, 3.0 + seed) for step in (2, 4)]
            if setting is AE:
                losses = [record._replace(kl=nan) for record in losses]
            write_run(
                store,
                make_run(seed=seed, **setting),
                scores,
                losses=losses,
                reconstruction=100.0 + 10 * place + seed,
            )
    return store


@pytest.fixture
def evidence(store: Store) -> Evidence:
    """The evidence of that directory alone."""
    return gather({"results": store})
