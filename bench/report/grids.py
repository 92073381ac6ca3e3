"""The tables of the page: which columns of a frame, under which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from disbench.records import Provenance
from disbench.report.grid import Cell, Column, Grid, grid_of
from disbench.report.paper import CAPTION
from disbench.settings import spoken

if TYPE_CHECKING:
    from disbench.report.headline import Estimate, Headline
    from disbench.tables import Tables

SETTING = Column("setting", "setting", write=lambda value: spoken(str(value)))
WHAT = (Column("protocol", "protocol"), SETTING, Column("representation", "codes"))


def headline_grid(headline: Headline) -> Grid:
    """A row a setting: what it costs, and its means with their intervals."""
    columns = (
        SETTING,
        Column("n", "seeds", "d"),
        Column("reconstruction", "reconstruction", ".1f"),
        Column("kl", "KL", ".1f"),
        Column("active_dimensions", "active", ".1f"),
    )
    frame = pd.DataFrame([vars(row) for row in headline.rows], columns=[c.name for c in columns])
    left = grid_of(frame, columns, caption=f"{CAPTION} 'active': dimensions that vary.")
    scores = [[_estimate(score) for score in row.scores] for row in headline.rows]
    return Grid(
        left.caption,
        (*columns, *(Column(protocol, protocol, ".3f") for protocol in headline.protocols)),
        tuple((*cells, *more) for cells, more in zip(left.rows, scores, strict=True)),
    )


def summary_grid(summary: pd.DataFrame) -> Grid:
    """Every number of every setting and protocol."""
    names = ("mean", "mean_low", "mean_high", "median", "iqm", "std", "evaluation_std")
    labels = ("mean", "low", "high", "median", "IQM", "deviation", "of evaluation")
    calibrated = ("calibrated_mean", "calibrated_low", "calibrated_high")
    columns = [
        *WHAT,
        Column("n", "seeds", "g"),
        *(Column(name, label, ".3f") for name, label in zip(names, labels, strict=True)),
        *(Column(name, name.replace("_", " "), ".3f") for name in calibrated),
    ]
    return grid_of(
        summary,
        columns,
        caption="Over the seeds of a setting: mean and its 95 % bootstrap interval, median, "
        "interquartile mean (IQM), standard deviation, and that over evaluation seeds within a "
        "run; calibrated: 0 at the noise floor, 1 at the ceiling.",
    )


def pooled_grid(objectives: pd.DataFrame) -> Grid:
    """Each objective over all of its settings."""
    columns = [
        Column("protocol", "protocol"),
        Column("model", "objective"),
        Column("representation", "codes"),
        Column("n_settings", "settings", "g"),
        Column("n", "runs", "g"),
        Column("mean", "mean", ".3f"),
        Column("mean_low", "low", ".3f"),
        Column("mean_high", "high", ".3f"),
        Column("calibrated_mean", "calibrated mean", ".3f"),
    ]
    return grid_of(
        objectives,
        columns,
        caption="Each objective over all of its settings: mean and its 95 % interval, bootstrapped "
        "within each setting.",
    )


def variance_grid(variance: pd.DataFrame, *, chosen: str) -> Grid:
    """What each score's variance goes with, in per cent; `chosen` are the hyper-parameters."""
    shares = ["objective", "hyperparameters", "seed", "evaluation"]
    if variance["source"].fillna(0).any():
        shares.insert(0, "source")
    labels = dict(zip(shares, shares, strict=True)) | {"hyperparameters": chosen}
    columns = [
        Column("protocol", "protocol"),
        Column("representation", "codes"),
        Column("n_runs", "runs", "g"),
        *(Column(name, f"{labels[name]} (%)", ".1f", write=_per_cent) for name in shares),
    ]
    return grid_of(
        variance,
        columns,
        caption="Shares of the variance of a score over all runs: estimated components of a nested "
        "random model. A dash under 'seed' or 'evaluation': each setting has one run, or each run "
        "one evaluation, so that this cannot be told from the column before and is part of it.",
    )


def comparisons_grid(comparisons: pd.DataFrame) -> Grid:
    """How likely a run of the first setting beats one of the second."""
    columns = [
        Column("protocol", "protocol"),
        Column("representation", "codes"),
        Column("first", "first", write=lambda value: spoken(str(value))),
        Column("second", "second", write=lambda value: spoken(str(value))),
        Column("difference", "difference of means", "+.3f"),
        Column("probability", "P(first beats second)", ".2f"),
        Column("low", "low", ".2f"),
        Column("high", "high", ".2f"),
        Column("p", "p", ".3g"),
        Column("p_adjusted", "p corrected", ".3g"),
    ]
    return grid_of(
        comparisons,
        columns,
        caption="The probability that a run of the first setting beats one of the second, with its "
        "95 % interval (Newcombe 2006), and the p-value of the Mann-Whitney test, as it is and "
        "corrected for the number of pairs of its protocol (Holm), those with a baseline apart; "
        "there is none for a baseline whose seeds are draws of the evaluation alone.",
    )


def agreement_grid(agreement: pd.DataFrame) -> Grid:
    """Every rank correlation."""
    columns = [
        Column("first", "first"),
        Column("second", "second"),
        Column("representation", "codes"),
        Column("n", "runs", "g"),
        Column("rho", "rho", ".2f"),
        Column("p", "p", ".3g"),
    ]
    return grid_of(agreement, columns, caption="Spearman's rank correlation over runs.")


def runs_grid(runs: pd.DataFrame) -> Grid:
    """Every run: what became of it, what it cost, in nats per image and seconds."""
    columns = [
        SETTING,
        Column("seed", "seed", "d"),
        Column("status", "status"),
        Column("steps_done", "steps", ",d"),
        Column("reconstruction", "reconstruction", ".2f"),
        Column("kl", "KL", ".2f"),
        Column("elbo", "ELBO", ".2f"),
        Column("active_dimensions", "active", "d"),
        Column("training_seconds", "training (s)", ".0f"),
        Column("evaluation_seconds", "evaluation (s)", ".0f"),
        Column("run", "folder"),
        *([Column("error", "error")] if runs["error"].notna().any() else []),
    ]
    return grid_of(
        runs,
        columns,
        caption="Reconstruction error, KL and ELBO in nats per image; 'active' counts the "
        "dimensions whose means vary. A click on the head of a column sorts by it.",
    )


def provenance_grid(tables: Tables) -> Grid:
    """What the runs and the scores were computed with."""
    rows = [
        {"what": name.replace("_", " "), "training": _counts(tables.runs, name)}
        | {"scoring": _counts(tables.scores.drop_duplicates(["source", "run"]), name)}
        for name in ("precision", *Provenance.model_fields)
    ]
    columns = [Column("what", "what"), Column("training", "runs"), Column("scoring", "scores")]
    return grid_of(
        pd.DataFrame(rows), columns, caption="What the runs were trained with, and scored with."
    )


def aspects_grid(aspects: pd.DataFrame) -> Grid:
    """What may differ between directories, and whether it does."""
    columns = [Column(str(name), str(name)) for name in aspects.columns]
    return grid_of(
        aspects,
        columns,
        caption="What the runs of each directory were made with. Versions and devices move bits "
        "and seldom more; everything above them changes what a score means.",
    )


def comparable_grid(rows: pd.DataFrame) -> Grid:
    """Which scores of the same model and protocol can be compared."""
    columns = [
        Column("protocol", "protocol"),
        SETTING,
        Column("representation", "codes"),
        Column("comparable", "comparable", write=lambda value: "yes" if value else "no"),
        Column("differs", "what differs"),
    ]
    return grid_of(
        rows,
        columns,
        caption="Scores that several directories have of the same model: alike in protocol "
        "version, data, grid and training, or not.",
    )


def _estimate(score: Estimate) -> Cell:
    return Cell(str(score), "" if np.isnan(score.mean) else repr(score.mean))


def _counts(frame: pd.DataFrame, name: str) -> str:
    """The values of a column; each with the number of its rows where there are several."""
    counts = frame[name].dropna().value_counts(sort=False)
    if len(counts) <= 1:
        return ", ".join(map(str, counts.index))
    return ", ".join(f"{value} ({n})" for value, n in counts.items())


def _per_cent(value: object) -> str:
    return f"{100 * float(value):.1f}"  # type: ignore[arg-type]
