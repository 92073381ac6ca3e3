"""Ours beside the published numbers: no match is claimed that the interval does not support."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from disbench.columns import frame_of
from disbench.dsprites import RENDERED_SHA256
from disbench.reproductions.beside import COLUMNS, beside, verdict
from disbench.reproductions.reproduction import PublishedTable, Reproduction
from disbench.statistics.differences import Interval
from disbench.tables import Tables, analyse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

NAN = float("nan")
SETTING = {"source": "results", "model": "beta_vae", "beta": 4.0, "hyperparameters": "beta=4"}
CONDITIONS: dict[str, Any] = {"steps": 300_000, "network": "conv"}


def _tables(
    values: Sequence[float], *, quantity: str = "mig/exact", model: str = "beta_vae", **runs: Any
) -> Tables:
    """Runs of beta 4, of which each has a value."""
    common = SETTING | {"model": model}
    seeds = [{**common, "run": f"run{i}", "seed": i} for i in range(len(values))]
    rows: list[dict[str, Any]] = [
        {**seed, "status": "done", "latents": 10, "batch_size": 64, "learning_rate": 1e-4}
        | {"training_version": 1, "data_sha256": RENDERED_SHA256, **CONDITIONS, **runs}
        for seed in seeds
    ]
    scored: list[dict[str, Any]] = []
    for row, value in zip(rows, values, strict=True):
        if quantity in ("kl", "reconstruction"):
            row[quantity] = value
        else:
            score = {"representation": "mean", "protocol": quantity, "value": value}
            numbers = {"n_points": 1, "evaluation_seed": 0, "protocol_version": 1, "steps_done": 4}
            scored.append({**seeds[row["seed"]], **score, **numbers})
    return analyse(frame_of("runs", rows), frame_of("scores", scored))


def _published(values: Sequence[float], **changes: Any) -> Reproduction:
    row = {"label": "four", "model": "beta_vae", "hyperparameters": "beta=4", "values": values}
    table: dict[str, Any] = {
        "quantity": "mig/exact",
        "source": "a paper",
        "tolerance": 0.05,
        "conditions": CONDITIONS,
        "rows": [row],
    }
    table = PublishedTable.model_validate(table | changes).model_dump()
    return Reproduction.model_validate({"title": "t", "differences": [], "tables": [table]})


def _only(reproduction: Reproduction, tables: Tables) -> pd.Series[Any]:
    frame = beside(reproduction, tables)
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 1
    return frame.iloc[0]


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.04, 0.05, "agrees"),
        (0.01, 0.05, "agrees"),
        (0.0, 0.0, "agrees"),
        (-0.04, 0.06, "open"),
        (0.0, 0.06, "open"),
        (0.01, 0.06, "open"),
        (0.06, 0.07, "differs"),
        (-0.2, -0.1, "differs"),
        (-0.2, 0.1, "open"),
        (NAN, NAN, "open"),
    ],
)
def test_verdict_is_what_the_interval_supports(low: float, high: float, word: str) -> None:
    assert verdict(Interval(low, high), tolerance=0.05).word == word


def test_scores_are_compared_over_seeds() -> None:
    row = _only(_published([0.5, 0.54]), _tables([0.5, 0.52, 0.54]))
    assert (row["n"], row["published_n"]) == (3, 2)
    assert (row["ours"], row["published"]) == pytest.approx((0.52, 0.52))
    assert row["difference"] == pytest.approx(0)
    assert -row["difference_low"] == pytest.approx(row["difference_high"])
    assert row["verdict"] == "open"
    assert row["reason"] == "the interval ends on either side of the tolerance"


def test_many_seeds_close_together_agree() -> None:
    ours = 0.5 + 0.01 * np.sin(np.arange(30))
    row = _only(_published([0.51], n_models=30), _tables(ours.tolist()))
    assert (row["verdict"], row["reason"], row["published_n"]) == ("agrees", "", 30)


def test_far_away_differs() -> None:
    assert _only(_published([0.9]), _tables([0.5, 0.51, 0.52, 0.5]))["verdict"] == "differs"


@pytest.mark.parametrize("quantity", ["kl", "reconstruction"])
def test_nats_are_those_of_the_runs(quantity: str) -> None:
    tables = _tables([10.0, 12.0], quantity=quantity)
    assert _only(_published([11.5], quantity=quantity), tables)["ours"] == 11


def test_better_half_is_compared_with_one_of_as_many() -> None:
    halves = _published([0.75], statistic="best half", n_models=4)
    row = _only(halves, _tables([0.1, 0.7, 0.2, 0.8]))
    assert (row["ours"], row["statistic"], row["verdict"]) == (0.75, "best half", "open")
    assert row["difference_low"] < 0 < row["difference_high"]
    fewer = _only(halves, _tables([0.7, 0.8, 0.75]))
    assert fewer["verdict"] == "not comparable"
    assert fewer["reason"] == "better half of 3, not of 4"


def test_other_images_are_not_compared() -> None:
    row = _only(_published([0.5]), _tables([0.5, 0.5], data_sha256="0" * 64, data_source="noisy"))
    assert (row["verdict"], row["reason"]) == ("not comparable", "data noisy, not dSprites")


def test_training_that_is_not_known_in_full_is_not_judged() -> None:
    """But what needs no training is: a row with conditions of its own."""
    row = {"label": "four", "model": "beta_vae", "hyperparameters": "beta=4", "values": [0.5]}
    rows = [row, {**row, "conditions": {"network": "conv"}}]
    published = _published([], rows=rows, unknown=["steps", "batch size"])
    frame = beside(published, _tables([0.5, 0.5]))
    assert frame["verdict"].tolist() == ["open", "agrees"]
    assert frame["reason"][0] == "the published steps and batch size are not known to us"


def test_missing_number_of_a_finished_run_is_not_hidden() -> None:
    row = _only(_published([5.0], quantity="kl"), _tables([5.0, NAN], quantity="kl"))
    assert (row["n"], row["verdict"]) == (2, "open")


def test_other_conditions_are_named_whatever_the_numbers() -> None:
    row = _only(_published([0.5]), _tables([0.5, 0.5, 0.5], steps=3000, network="fc"))
    assert row["verdict"] == "not comparable"
    assert row["reason"] == "steps 3,000, not 300,000; network fc, not conv"
    assert row["ours"] == 0.5


def test_conditions_of_a_row_stand_for_those_of_the_table() -> None:
    published = _published(
        [],
        rows=[
            {"label": "truth", "model": "factors", "values": [1.0], "conditions": {"latents": 10}}
        ],
    )
    tables = _tables([1.0, 1.0], model="factors", hyperparameters=None, steps=0)
    scores = tables.scores.assign(hyperparameters=None)
    row = _only(published, tables._replace(scores=scores))
    assert (row["verdict"], row["ours"]) == ("agrees", 1)


def test_what_is_not_there_is_told_apart() -> None:
    nothing = _tables([])
    assert _only(_published([0.5]), nothing)["verdict"] == "not run"
    rows = [{"label": "InfoGAN", "values": [0.5], "from_memory": True}]
    row = _only(_published([], rows=rows), nothing)
    assert (row["verdict"], row["from_memory"], row["n"]) == ("not in disbench", True, 0)
    assert np.isnan(row["ours"])


def test_unfinished_runs_and_other_settings_do_not_count() -> None:
    assert _only(_published([0.5]), _tables([0.5], status="diverged"))["verdict"] == "not run"
    assert _only(_published([0.5]), _tables([0.5], model="cci_vae"))["verdict"] == "not run"


def test_one_seed_leaves_it_open() -> None:
    row = _only(_published([0.5]), _tables([0.5]))
    assert (row["verdict"], row["reason"]) == ("open", "an interval takes two seeds")


def test_score_that_is_no_number_is_not_hidden() -> None:
    row = _only(_published([0.5]), _tables([0.5, NAN]))
    assert (row["verdict"], row["reason"]) == ("open", "one of ours is no number")
    assert np.isnan(row["ours"])
