"""The smallest study holds every objective, each of which yields a full row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import disbench
from disbench.models.objectives import OBJECTIVES
from disbench.study_files import load_study
from disbench.tables import read_csv

if TYPE_CHECKING:
    from pathlib import Path

FULL = ("reconstruction", "active_dimensions", "training_seconds", "evaluation_seconds", "grid")


def test_every_objective_is_in_it() -> None:
    names = {objective.name for objective in load_study("smoke").objectives}
    assert names == {*OBJECTIVES} - {"vae"}  # which is the beta-VAE of beta 1


@pytest.mark.usefixtures("quick_evaluation")
def test_every_objective_yields_a_full_row(tmp_path: Path) -> None:
    disbench.run("smoke", out=tmp_path, steps=5, jobs=1, device="cpu")
    runs, scores = read_csv("runs", tmp_path), read_csv("scores", tmp_path)
    trained = runs[runs["steps"].gt(0)].set_index("model")
    assert set(trained["status"]) == {"done"}
    assert trained[list(FULL)].notna().all(axis=None)
    variational = trained.drop(index="ae")
    assert np.isfinite(variational[["reconstruction", "kl", "elbo"]]).all(axis=None)
    study = load_study("smoke").evaluation
    for model, of_model in scores.groupby("model"):
        asked = {*study.protocols}
        assert set(of_model["protocol"]) == asked, model
        assert np.isfinite(of_model[["value", "floor", "ceiling", "calibrated"]]).all(axis=None)
    assert set(scores["model"]) == {*trained.index, "factors", "pca", "untrained"}
