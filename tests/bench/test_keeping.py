"""What a training leaves in its folder, on the way and at its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch

from disbench.keeping import keep, made_of, no_losses, recording
from disbench.plan import make_plan
from disbench.provenance import provenance
from disbench.records import LossRecord
from disbench.sittings import Sittings
from disbench.store import Store
from disbench.trainer import initial_model
from disbench.training import Trained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.study import Study

LOSSES = (LossRecord(2, 120.0, 100.0, 5.0), LossRecord(4, 90.0, 80.0, 2.5))


@pytest.fixture
def cell(tmp_path: Path, make_study: Callable[..., Study]) -> Cell:
    """A beta-VAE of a store."""
    study = make_study(model={"network": "burgess"})
    Store(tmp_path).open_for(study)
    return make_plan(study, tmp_path, device="cpu").cells[-1]


@pytest.fixture
def sittings(cell: Cell) -> Iterator[Sittings]:
    """A sitting of its run that has begun."""
    store = Store(cell.directory)
    with store.claimed(cell.run) as claim:
        made = Sittings(cell.run, store, cell.checkpoint, claim, lambda: False, [])
        made.begin()
        made.resume(provenance("cpu"))
        yield made


def test_records_are_noted_as_they_come(cell: Cell, sittings: Sittings) -> None:
    """From the step on that the run goes on from."""
    folder = sittings.begin()
    notes = []
    with recording(cell, folder, start=7) as record:
        notes.append(folder.progress())
        for losses in LOSSES:
            record(losses)
            notes.append(folder.progress())
    found = [(n.phase, n.step, n.kl) for n in notes if n is not None]
    assert found[1:] == [("training", 2, 5.0), ("training", 4, 2.5)]
    assert found[0][:2] == ("training", 7)
    assert math.isnan(found[0][2])


@pytest.mark.parametrize("diverged", [False, True])
def test_what_was_made_is_kept_as_it_ended(
    diverged: bool,  # noqa: FBT001 - drawn by name
    cell: Cell,
    sittings: Sittings,
) -> None:
    model, folder = initial_model(cell.run), sittings.begin()
    made = made_of(cell.run, Trained(model, LOSSES, 4, diverged))
    record = keep(made, cell, folder, sittings)
    kept = folder.training()
    assert kept is not None
    assert kept.model_dump(exclude={"files"}) == record.model_dump(exclude={"files"})
    assert {"losses.csv", "model.safetensors"} <= kept.files.keys()
    assert (record.status, record.steps_done) == ("diverged" if diverged else "done", 4)
    assert tuple(folder.losses()) == LOSSES
    progress = folder.progress()
    assert progress is not None
    assert (progress.phase, progress.step, progress.kl) == ("encoding", 4, 2.5)
    assert made.encoder.model is model
    assert torch.equal(made.encoder.weights()["mean.bias"], model.mean.bias)


def test_a_step_of_which_nothing_is_known_has_no_losses() -> None:
    record = no_losses(3)
    assert record.step == 3
    assert all(math.isnan(part) for part in record[1:])
