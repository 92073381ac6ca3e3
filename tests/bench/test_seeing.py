"""What is seen of a run is all that its network and its images are needed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from disbench.encoding import encode
from disbench.evaluation import evaluate, picture
from disbench.finishing import finish
from disbench.plan import make_plan
from disbench.seeing import loaded, see
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.dsprites import PackedImages
    from disbench.study import Study

pytestmark = pytest.mark.usefixtures("quick_evaluation")


@pytest.fixture
def make_cell(tmp_path: Path, make_study: Callable[..., Study]) -> Callable[..., Cell]:
    """The finished cell of a study of one."""

    def make(**changes: object) -> Cell:
        study = make_study(model={"network": "burgess"}, training={"steps": 1}, **changes)
        Store(tmp_path).open_for(study)
        cell = make_plan(study, tmp_path, device="cpu").cells[-1]
        assert finish(cell).status == "done"
        return cell

    return make


def test_codes_numbers_and_pictures_are_those_of_the_model(
    make_cell: Callable[..., Cell], whole: PackedImages
) -> None:
    cell = make_cell(objectives=[{"name": "beta_vae", "beta": [4]}])
    encoder = loaded(cell, Store(cell.directory).folder(cell.run))
    assert encoder.model is not None
    seen, grid = see(cell, encoder), whole.grid("tiny")
    codes = encode(encoder.model, whole, grid, variational=True, device="cpu")
    assert np.array_equal(seen.codes.mean, codes.mean)
    options = {"identity": cell.run.identity, "device": "cpu"}
    assert seen.evaluation == evaluate(encoder.model, whole, codes, **options)
    expected = picture(encoder.model, whole, codes, **options)
    assert seen.pictures is not None
    assert expected is not None
    assert np.array_equal(seen.pictures.reconstructions, expected.reconstructions)
    assert seen.seconds > 0


def test_weights_are_loaded_as_they_were_kept(make_cell: Callable[..., Cell]) -> None:
    cell = make_cell(objectives=[{"name": "beta_vae", "beta": [4]}])
    folder = Store(cell.directory).folder(cell.run)
    one, again = (loaded(cell, folder).weights() for _ in range(2))
    assert one.keys() == again.keys()
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert len(one) > 10


def test_codes_without_a_network_have_no_pictures(make_cell: Callable[..., Cell]) -> None:
    cell = make_cell(objectives=[], baselines=["pca"])
    seen = see(cell, loaded(cell, Store(cell.directory).folder(cell.run)))
    assert seen.pictures is None
    assert seen.evaluation.reconstruction is None
    assert seen.codes.mean.shape == (seen.codes.grid.n, 3)
