"""A row for each dimension and each factor of each run, by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from disbench.columns import COLUMNS
from disbench.dimensions import tabulate_dimensions, tabulate_factors
from disbench.finished import finished_runs
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.finished import FinishedRun
    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]
    Details = Callable[..., dict[str, Any]]

SCORES = {"mig/exact": 0.25}
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}
# Of entropies of 2 nats, so that shares are half of it.
INFORMATION = [[0, 0, 0.5, 0, 0], [1.5, 0, 0, 0, 0], [0, 0.25, 0, 0, 1]]
ENTROPY = (2, 2, 2, 2, 2)


def _runs(directory: Path) -> list[FinishedRun]:
    return list(finished_runs(Store(directory), source="here"))


def test_dimensions_are_ranked_by_what_they_cost(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun, details_of: Details
) -> None:
    details = details_of(INFORMATION, ENTROPY)
    write_run(Store(tmp_path), make_run(), SCORES, kl=(0.5, 0.0, 2.0), details=details)
    frame = tabulate_dimensions(_runs(tmp_path))
    assert frame[["dimension", "rank", "kl", "factor", "share"]].to_numpy().tolist() == [
        [2, 1, 2.0, "posY", 0.5],
        [0, 2, 0.5, "orientation", 0.25],
        [1, 3, 0.0, "shape", 0.75],
    ]
    first = frame.iloc[0]
    assert first["run"] == make_run().id
    assert (first["model"], first["beta"], first["seed"]) == ("beta_vae", 4.0, 0)
    assert (first["hyperparameters"], first["source"]) == ("beta=4", "here")


def test_dimensions_without_a_posterior_are_ranked_by_what_they_tell(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun, details_of: Details
) -> None:
    details = details_of(INFORMATION, ENTROPY)
    write_run(Store(tmp_path), make_run(**AE), SCORES, details=details)
    frame = tabulate_dimensions(_runs(tmp_path))
    assert frame["dimension"].tolist() == [1, 2, 0]
    assert frame["rank"].tolist() == [1, 2, 3]
    assert frame["share"].tolist() == [0.75, 0.5, 0.25]
    assert frame[["kl", "beta", "hyperparameters"]].isna().all(axis=None)


def test_without_mutual_information_there_is_a_rank_and_no_factor(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run(), SCORES, kl=(0.5, 2.0, 0.5))
    frame = tabulate_dimensions(_runs(tmp_path))
    assert frame[["dimension", "rank", "kl"]].to_numpy().tolist() == [
        [1, 1, 2.0],
        [0, 2, 0.5],
        [2, 3, 0.5],
    ]
    assert frame[["factor", "share"]].isna().all(axis=None)
    assert tabulate_factors(_runs(tmp_path)).empty


def test_nothing_is_known_of_an_autoencoder_whose_information_nobody_asked_for(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run(**AE), SCORES)
    assert tabulate_dimensions(_runs(tmp_path)).empty


def test_run_that_was_not_scored_has_no_rows(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run())
    assert tabulate_dimensions(_runs(tmp_path)).empty
    assert tabulate_factors(_runs(tmp_path)).empty


def test_factor_has_the_dimension_that_tells_most_of_it(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun, details_of: Details
) -> None:
    details = details_of(INFORMATION, ENTROPY)
    write_run(Store(tmp_path), make_run(seed=7), SCORES, details=details)
    frame = tabulate_factors(_runs(tmp_path))
    assert frame[["factor", "dimension", "share"]].to_numpy().tolist() == [
        ["shape", 1, 0.75],
        ["scale", 2, 0.125],
        ["orientation", 0, 0.25],
        ["posX", 0, 0.0],  # of equals the first
        ["posY", 2, 0.5],
    ]
    assert frame["run"].unique().tolist() == [make_run(seed=7).id]
    assert frame["source"].unique().tolist() == ["here"]


def test_runs_follow_each_other(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun, details_of: Details
) -> None:
    for run in (make_run(), make_run(seed=1)):
        write_run(Store(tmp_path), run, SCORES, details=details_of(np.eye(3, 5)))
    assert tabulate_dimensions(_runs(tmp_path))["seed"].tolist() == [0] * 3 + [1] * 3
    assert tabulate_factors(_runs(tmp_path))["seed"].tolist() == [0] * 5 + [1] * 5


def test_no_runs_have_empty_frames_with_their_columns() -> None:
    for name, frame in (("dimensions", tabulate_dimensions([])), ("factors", tabulate_factors([]))):
        assert frame.empty
        assert frame.dtypes.astype("str").to_dict() == dict(COLUMNS[name])
        assert isinstance(frame.index, pd.RangeIndex)
