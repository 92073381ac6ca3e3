"""What is left to do of a cell is read from its directory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.cells import asked, is_done, unanswered
from disbench.dsprites import GRIDS
from disbench.encoding import Codes
from disbench.errors import DamagedError
from disbench.plan import make_plan
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.run_folder import RunFolder
    from disbench.study import Study

SCORES = {"mig/exact": 0.5}


@pytest.fixture
def cell(make_study: Callable[..., Study], tmp_path: Path) -> Cell:
    """A beta-VAE whose means alone are scored."""
    study = make_study(evaluation={"representations": ["mean"]})
    Store(tmp_path).open_for(study)
    [_, cell] = make_plan(study, tmp_path, device="cpu").cells
    return cell


def _with(cell: Cell, **changes: object) -> Cell:
    return replace(cell, evaluation=cell.evaluation.model_copy(update=changes))


def test_of_a_run_that_is_not_there_all_is_left(cell: Cell) -> None:
    assert unanswered(cell) is None
    assert not is_done(cell)


def test_of_a_run_that_is_not_scored_all_questions_are(
    cell: Cell, write_run: Callable[..., RunFolder]
) -> None:
    write_run(Store(cell.directory), cell.run)
    assert unanswered(cell) == asked(cell)
    assert [question.protocol.name for question in asked(cell)] == ["mig/exact"]
    assert not is_done(cell)


def test_of_a_run_that_is_scored_nothing_is(
    cell: Cell, write_run: Callable[..., RunFolder]
) -> None:
    write_run(Store(cell.directory), cell.run, SCORES)
    assert unanswered(cell) == ()
    assert is_done(cell)


def test_of_a_run_that_has_diverged_nothing_is(
    cell: Cell, write_run: Callable[..., RunFolder]
) -> None:
    write_run(Store(cell.directory), cell.run, status="diverged")
    assert unanswered(cell) == ()
    assert is_done(cell)


def test_another_protocol_is_one_more_question(
    cell: Cell, write_run: Callable[..., RunFolder]
) -> None:
    write_run(Store(cell.directory), cell.run, SCORES)
    more = _with(cell, protocols=("mig/exact", "irs/suter2019"))
    assert [q.protocol.name for q in unanswered(more) or ()] == ["irs/suter2019"]
    assert not is_done(more)


def test_codes_that_are_to_be_kept_are_to_be_there(
    cell: Cell, write_run: Callable[..., RunFolder]
) -> None:
    folder = write_run(Store(cell.directory), cell.run, SCORES)
    keeping = _with(cell, save_codes=True)
    assert unanswered(keeping) == ()
    assert not is_done(keeping)
    record = folder.evaluation()
    assert record is not None
    codes = Codes(GRIDS["tiny"], np.zeros((1440, 3), np.float32), None)
    folder.write_evaluation(record, {}, folder.pictures(), codes)
    assert is_done(keeping)


@pytest.mark.parametrize("name", ["losses.csv", "model.safetensors", "details.h5", "pictures.h5"])
def test_run_that_lacks_a_file_or_a_part_of_it_is_not_done(
    name: str, cell: Cell, write_run: Callable[..., RunFolder]
) -> None:
    path = write_run(Store(cell.directory), cell.run, SCORES).path / name
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert not is_done(cell)
    path.write_bytes(data)
    assert is_done(cell)
    path.unlink()
    assert not is_done(cell)


def test_record_that_is_damaged_answers_nothing(
    cell: Cell, write_run: Callable[..., RunFolder]
) -> None:
    folder = write_run(Store(cell.directory), cell.run, SCORES)
    (folder.path / "evaluation.json").write_text("{}")
    assert not is_done(cell)
    with pytest.raises(DamagedError):
        unanswered(cell)
