"""What is in a results directory, as frames: a row a run, a row a score, a row a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from disbench.atomic import replacing
from disbench.columns import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pandas.core.groupby import SeriesGroupBy

    from disbench.records import (
        EvaluationRecord,
        Failure,
        GroupRecord,
        Provenance,
        ScoreRecord,
        TrainingRecord,
    )
    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.store import Store

PIXELS = 64 * 64
CONFIDENCE = 0.95
N_RESAMPLES = 10_000

SETTING = ("model", "beta", "hyperparameters")
"""The columns that runs of other seeds share."""


class Tables(NamedTuple):
    """The frames of a results directory, with the columns of `COLUMNS`."""

    runs: pd.DataFrame
    scores: pd.DataFrame
    summary: pd.DataFrame


def tabulate(store: Store) -> Tables:
    """The tables of all runs that are finished or have failed, ordered by model, beta and seed."""
    run_rows: list[dict[str, object]] = []
    score_rows: list[dict[str, object]] = []
    failed = store.failed()
    groups = _latest(store.groups())
    for folder in store.finished():
        training, evaluation = folder.training(), folder.evaluation()
        if training is not None:
            failure = failed.pop(training.run.id, None)
            run_rows.append(_run_row(training, evaluation, failure))
            score_rows.extend(_score_rows(training, evaluation, groups))
    run_rows.extend(map(_failure_row, failed.values()))
    scores = _frame("scores", score_rows)
    return Tables(_frame("runs", run_rows), scores, summarise(scores))


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each setting, representation and protocol, over the training seeds.

    A setting is a model with its hyper-parameters, beta among them.

    A run's score is its mean over evaluation seeds. Of these, `iqm` is the interquartile mean
    (Agarwal et al. 2021), `std` has ddof 1, and `mean_low` to `mean_high` is the 95 % percentile
    bootstrap interval of the mean; NaN for a single training seed. `evaluation_std` is the spread
    over evaluation seeds within a run (root mean variance, ddof 1), NaN where there is one.
    """
    keys = [*SETTING, "representation", "protocol"]
    rows = [
        dict(zip(keys, key, strict=True)) | _statistics(group.groupby("run", sort=False)["value"])
        for key, group in scores.groupby(keys, dropna=False, sort=False)
    ]
    return _frame("summary", rows)


def write_csv(name: str, frame: pd.DataFrame, directory: Path) -> None:
    """Write ``<name>.csv`` with every digit, in place of what was there."""
    with replacing(directory / f"{name}.csv") as path:
        frame.to_csv(path, index=False)


def read_csv(name: str, directory: Path) -> pd.DataFrame:
    """Read ``<name>.csv`` back as the frame that was written, to the bit."""
    return pd.read_csv(
        directory / f"{name}.csv",
        dtype=dict(COLUMNS[name]),
        keep_default_na=False,
        na_values=[""],
    )


def beside_beta(beta: float | None, hyperparameters: object) -> str:
    """The hyper-parameters of a setting where they are more than beta, and otherwise nothing."""
    text = hyperparameters if isinstance(hyperparameters, str) else ""
    return "" if beta is not None and text == f"beta={beta:g}" else text


def learning_curves(folders: Iterable[RunFolder]) -> pd.DataFrame:
    """The losses of these runs on the way: a row for each run and record."""
    frames = []
    for folder in folders:
        training = folder.training()
        if training is not None:
            curve = pd.DataFrame(folder.losses())
            for name, value in _names(training.run).items():
                curve[name] = value
            frames.append(curve)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _latest(groups: Iterable[GroupRecord]) -> list[GroupRecord]:
    """Of the records of a protocol that share runs, the one of most runs."""
    kept: list[GroupRecord] = []
    for record in sorted(groups, key=lambda group: -len(group.identities)):
        of_protocol = (other for other in kept if other.protocol == record.protocol)
        if all(set(record.identities).isdisjoint(other.identities) for other in of_protocol):
            kept.append(record)
    return kept


def _names(run: Run) -> dict[str, str | float | None]:
    beta = np.nan if run.beta is None else run.beta
    settings = " ".join(f"{name}={value:g}" for name, value in run.hyperparameters.items())
    return {
        "run": run.id,
        "model": run.objective,
        "beta": beta,
        "hyperparameters": settings or None,
        "seed": run.seed,
    }


def _definition(run: Run) -> dict[str, object]:
    beta_norm = None if run.beta is None else run.beta * run.latents / PIXELS
    return {
        **_names(run),
        "beta_norm": beta_norm,  # Higgins et al. 2017
        "network": run.network,
        "latents": run.latents,
        "steps": run.steps,
        "batch_size": run.batch_size,
        "optimiser": run.optimiser,
        "learning_rate": run.learning_rate,
        "precision": run.precision,
        "data_sha256": run.data_sha256,
        "identity": run.identity,
        "training_version": run.training_version,
    }


def _run_row(
    training: TrainingRecord, evaluation: EvaluationRecord | None, failure: Failure | None
) -> dict[str, object]:
    """The row of a trained run; the failure, if any, is that of scoring it once more."""
    row = _definition(training.run) | training.provenance.model_dump()
    row |= {
        "error": None if failure is None else failure.error,
        "status": training.status,
        "steps_done": training.steps_done,
        "training_seconds": training.seconds,
        "data_source": training.data_source,
        "started": training.started.isoformat(),
    }
    if evaluation is not None:
        row |= evaluation.evaluation.model_dump(exclude={"kl_by_dimension"})
        row |= {"grid": evaluation.grid, "evaluation_seconds": evaluation.seconds}
    return row


def _failure_row(failure: Failure) -> dict[str, object]:
    return _definition(failure.run) | {"status": "failed", "error": failure.error}


def _score_rows(
    training: TrainingRecord, evaluation: EvaluationRecord | None, groups: Iterable[GroupRecord]
) -> Iterable[dict[str, object]]:
    if evaluation is None:
        return
    identity = training.run.identity
    for score in evaluation.scores:
        yield _score_row(training, score, evaluation.grid, evaluation.provenance)
    for group in groups:
        if identity in group.identities:
            score = group.scores[group.identities.index(identity)]
            yield _score_row(training, score, evaluation.grid, group.provenance)


def _score_row(
    training: TrainingRecord, score: ScoreRecord, grid: str, provenance: Provenance
) -> dict[str, object]:
    run = training.run
    return {
        **provenance.model_dump(),
        **score.model_dump(),
        "calibrated": score.calibrated,
        "evaluation_seed": score.seed,
        **_names(run),
        "grid": grid,
        "steps_done": training.steps_done,
        "precision": run.precision,
        "data_sha256": run.data_sha256,
    }


def _statistics(by_run: SeriesGroupBy[float, Any]) -> dict[str, float]:
    values = by_run.mean().to_numpy()
    low, high = _interval(values)
    return {
        "n": len(values),
        "mean": float(np.mean(values)),
        "median": float(np.median(values)),
        "iqm": float(stats.trim_mean(values, 0.25)),
        "std": float(np.std(values, ddof=1)) if len(values) > 1 else np.nan,
        "evaluation_std": float(np.sqrt(by_run.var(ddof=1).mean())),
        "mean_low": low,
        "mean_high": high,
    }


def _interval(values: np.ndarray) -> tuple[float, float]:
    if len(values) == 1 or not np.isfinite(values).all():
        return np.nan, np.nan
    interval = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=CONFIDENCE,
        n_resamples=N_RESAMPLES,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(0),  # the same scores always get the same interval
    ).confidence_interval
    return float(interval.low), float(interval.high)


def _frame(name: str, rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    columns = COLUMNS[name]
    frame = pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))
    order = [key for key in (*SETTING, "seed") if key in columns]
    return frame.sort_values(order, kind="stable", na_position="first", ignore_index=True)
