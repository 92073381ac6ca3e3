"""What is in a results directory, as frames: a row a run, a row a score, a row a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from disbench.atomic import replacing
from disbench.columns import COLUMNS, frame_of
from disbench.finished import finished_runs
from disbench.models.baselines import BASELINES
from disbench.names import name_of
from disbench.settings import SETTING, in_order
from disbench.statistics.agreement import rank_correlations
from disbench.statistics.comparisons import compare_settings
from disbench.statistics.summary import pool, summarise
from disbench.statistics.variance import variance_explained
from disbench.trained import without_baselines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from disbench.finished import FinishedRun
    from disbench.records import (
        EvaluationRecord,
        Failure,
        GroupRecord,
        Provenance,
        ScoreRecord,
        TrainingRecord,
    )
    from disbench.runs import Run
    from disbench.store import Store

PIXELS = 64 * 64

CURVES: Mapping[str, str] = {
    "step": "int64",
    "loss": "float64",
    "reconstruction": "float64",
    "kl": "float64",
    **{name: COLUMNS["runs"][name] for name in ("run", "seed", *SETTING)},
}
"""The columns of the losses on the way, and their types."""


class Tables(NamedTuple):
    """The frames of a results directory, with the columns of `COLUMNS`."""

    runs: pd.DataFrame
    scores: pd.DataFrame
    summary: pd.DataFrame
    objectives: pd.DataFrame
    variance: pd.DataFrame
    comparisons: pd.DataFrame
    agreement: pd.DataFrame


def tabulate(store: Store, *, source: str | None = None) -> Tables:
    """The tables of all runs that are finished or have failed, ordered by model, beta and seed.

    `source` is what tells these runs from those of other directories: the directory's name, unless
    it is given.
    """
    source = source_of(store) if source is None else source
    return analyse(*recorded(store, finished_runs(store, source=source), source=source))


def source_of(store: Store) -> str:
    """What a results directory is called."""
    return name_of(store.directory)


def recorded(
    store: Store, runs: Iterable[FinishedRun], *, source: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``runs`` and ``scores`` of a directory, whose finished runs are given."""
    run_rows: list[dict[str, object]] = []
    score_rows: list[dict[str, object]] = []
    failed = store.failed()
    groups = _latest(store.groups())
    for run in runs:
        failure = failed.pop(run.run.id, None)
        run_rows.append(_run_row(run.training, run.evaluation, failure))
        score_rows.extend(_score_rows(run.training, run.evaluation, groups))
    run_rows.extend(map(_failure_row, failed.values()))
    frames = (frame_of("runs", run_rows), frame_of("scores", score_rows))
    return frames[0].assign(source=source), frames[1].assign(source=source)


def analyse(runs: pd.DataFrame, scores: pd.DataFrame) -> Tables:
    """The tables of these runs and scores, which may be those of several directories.

    What is said of objectives, of the variance over runs and of the order of runs is said of those
    that were trained.
    """
    runs, scores = in_order(runs), in_order(scores)
    trained = without_baselines(scores)
    return Tables(
        runs=runs,
        scores=scores,
        summary=summarise(scores),
        objectives=pool(trained),
        variance=variance_explained(trained),
        comparisons=compare_settings(scores),
        agreement=rank_correlations(trained, runs),
    )


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


def learning_curves(runs: Iterable[FinishedRun]) -> pd.DataFrame:
    """The losses of these runs on the way: a row for each run and record, none of a baseline."""
    trained = (run for run in runs if not run.run.is_baseline)
    frames = [pd.DataFrame(run.folder.losses()).assign(**names_of(run)) for run in trained]
    curves = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(CURVES))
    return curves.astype(dict(CURVES))


def names_of(run: FinishedRun) -> dict[str, Any]:
    """The columns that tell a run from others."""
    return _names(run.run) | {"source": run.source}


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
    return {
        "run": run.id,
        "model": run.objective,
        "beta": beta,
        "hyperparameters": run.written or None,
        "seed": run.seed,
    }


def _definition(run: Run, channels: int) -> dict[str, object]:
    weight = run.weight_of_kl
    beta_norm = None if weight is None else weight * run.latents / (PIXELS * channels)
    without = BASELINES[run.objective].ignored if run.is_baseline else ()
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
        **dict.fromkeys(without),
    }


def _run_row(
    training: TrainingRecord, evaluation: EvaluationRecord | None, failure: Failure | None
) -> dict[str, object]:
    """The row of a trained run; the failure, if any, is that of scoring it once more."""
    row = _definition(training.run, training.channels) | training.provenance.model_dump()
    row |= {
        "error": None if failure is None else failure.error,
        "status": training.status,
        "steps_done": training.steps_done,
        "training_seconds": training.seconds,
        "data_source": training.data_source,
        "started": training.started.isoformat(),
        "resumed_from": _others(training),
    }
    if evaluation is not None:
        row |= evaluation.evaluation.model_dump(exclude={"kl_by_dimension"})
        row |= {"grid": evaluation.grid, "evaluation_seconds": evaluation.seconds}
    return row


def _others(training: TrainingRecord) -> str | None:
    """What the sittings before the last one had otherwise: ``device_name A; torch 2.4.0``."""
    last = training.provenance.model_dump(exclude={"git_commit"})
    others = (
        f"{name} {getattr(earlier, name)}"
        for earlier in training.earlier
        for name, value in last.items()
        if getattr(earlier, name) != value
    )
    return "; ".join(sorted(set(others))) or None


def _failure_row(failure: Failure) -> dict[str, object]:
    return _definition(failure.run, failure.channels) | {"status": "failed", "error": failure.error}


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
