"""Evidence from a few rows without runs behind them, and the report of a real, tiny study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import nan
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import disbench
from disbench.columns import COLUMNS, frame_of
from disbench.evidence import Evidence
from disbench.settings import SETTING, setting_table
from disbench.tables import Tables, analyse, in_order

if TYPE_CHECKING:
    from pathlib import Path

    from disbench.study import Study

Rows = Iterable[Mapping[str, object]]
MakeEvidence = Callable[..., Evidence]

MODEL: dict[str, object] = {"source": "results", "model": "beta_vae", "beta": 4.0, "seed": 0}
VERSIONS: dict[str, object] = {
    "disbench": "0.1.0",
    "python": "3.11.1",
    "torch": "2.4.0",
    "numpy": "2.0.0",
    "scipy": "1.14.0",
    "scikit_learn": "1.5.0",
    "platform": "Linux x86_64",
    "device": "cpu",
    "device_name": "A CPU",
    "threads": 1,
    "git_commit": None,
}
SCORED: dict[str, object] = {"representation": "mean", "protocol": "mig/exact"}
DEFAULTS: dict[str, dict[str, object]] = {
    "runs": {
        **MODEL,
        **VERSIONS,
        "resumed_from": None,
        "status": "done",
        "steps_done": 4,
        "reconstruction": 100.0,
        "kl": 5.0,
        "elbo": -105.0,
        "active_dimensions": 5,
        "training_seconds": 60.0,
        "evaluation_seconds": 30.0,
        "network": "conv",
        "latents": 10,
        "steps": 4,
        "batch_size": 64,
        "optimiser": "adam",
        "learning_rate": 1e-3,
        "precision": "fp32",
        "grid": "tiny",
        "data_source": "rendered",
        "data_sha256": "0" * 64,
        "training_version": 1,
    },
    "scores": {
        **MODEL,
        **VERSIONS,
        **SCORED,
        "value": 0.5,
        "floor": 0.0,
        "ceiling": 1.0,
        "n_points": 1440,
        "evaluation_seed": 0,
        "protocol_version": 1,
        "grid": "tiny",
        "steps_done": 4,
        "precision": "fp32",
        "data_sha256": "0" * 64,
    },
    "summary": {**MODEL, **SCORED, "n": 5, "mean": 0.5},
    "comparisons": {**SCORED, "n_first": 5, "n_second": 5},
    "variance": {**SCORED, "n_runs": 10, "n_settings": 2, "source": 0.0, "objective": 0.0},
    "agreement": {"representation": "mean", "n": 12},
    "dimensions": {**MODEL, "rank": 1},
    "factors": {**MODEL, "dimension": 0},
}


@pytest.fixture(scope="session")
def make_evidence() -> MakeEvidence:
    """Evidence of rows by table, what a row does not say being a default.

    A row of runs and scores without a name is of the run of its setting and seed, and without
    hyper-parameters has its beta. The tables that are not given are those of the runs and scores.
    """

    def make(*, runs: Rows = ({},), scores: Rows = (), **others: Rows) -> Evidence:
        frames = {
            name: _frame(name, rows)
            for name, rows in {"runs": runs, "scores": scores, "factors": (), **others}.items()
        }
        tables = analyse(frames["runs"], frames["scores"])
        given = {name: frame for name, frame in frames.items() if name in Tables._fields}
        tables = tables._replace(**{**given, "runs": tables.runs, "scores": tables.scores})
        names = setting_table(tables.runs)
        empty = pd.DataFrame(columns=["step", *SETTING])
        return Evidence(
            runs=(),
            tables=tables._replace(
                runs=_named(tables.runs, names),
                scores=_named(tables.scores, names),
                summary=_named(in_order(tables.summary), names),
            ),
            curves=empty,
            dimensions=_named(_frame("dimensions", ()), names),
            factors=_named(frames["factors"], names),
            settings=tuple(names["setting"]),
        )

    return make


def _frame(name: str, rows: Rows) -> pd.DataFrame:
    return frame_of(name, [_row(name, row) for row in rows])


def _row(name: str, given: Mapping[str, object]) -> dict[str, Any]:
    row: dict[str, Any] = {**DEFAULTS.get(name, {}), **given}
    if "hyperparameters" in COLUMNS[name] and "hyperparameters" not in row:
        row["hyperparameters"] = f"beta={row['beta']:g}" if row["beta"] == row["beta"] else None
    if "run" in COLUMNS[name]:
        row.setdefault("run", f"{row['model']}-{row['hyperparameters']}-seed{row.get('seed', 0)}")
    if name == "scores":
        scale = row["ceiling"] - row["floor"]
        row.setdefault("calibrated", (row["value"] - row["floor"]) / scale)
    return row


def _named(frame: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    return frame.merge(names, on=list(SETTING), how="left")


@pytest.fixture(scope="session")
def ae() -> dict[str, object]:
    """What a row of an autoencoder has in place of a beta and of what comes with it."""
    return {"model": "ae", "beta": nan}


@pytest.fixture(scope="module")
def real_results(
    make_study: Callable[..., Study],
    tmp_path_factory: pytest.TempPathFactory,
    quick_evaluation: None,  # noqa: ARG001 - from the first run on
) -> Path:
    """A results directory with the report of a study that was run; not to be changed."""
    study = make_study(
        name="tiny",
        description="Two seeds of an autoencoder and of two betas.",
        seeds=2,
        objectives=[{"name": "ae"}, {"name": "beta_vae", "beta": [1, 4]}],
        model={"latents": 10},
    )
    directory = tmp_path_factory.mktemp("real") / "results"
    results = disbench.run(study, out=directory, jobs=1, device="cpu")
    assert results.failed == ()
    return directory
