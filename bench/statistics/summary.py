"""Scores over training seeds: of every setting, and of every model over all of its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from disbench.columns import frame_of
from disbench.settings import SETTING, in_order
from disbench.statistics.intervals import mean_interval, pooled_interval
from disbench.statistics.run_scores import CELL, run_scores

if TYPE_CHECKING:
    import pandas as pd

    from disbench.metrics.arrays import FloatArray

SCALES = ["value", "calibrated"]
"""As the protocol scores, and from 0 at its floor to 1 at its ceiling."""


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each setting, representation and protocol, over the training seeds.

    A setting is a model with its hyper-parameters, beta among them.

    A run's score is its mean over evaluation seeds. Of these, `iqm` is the interquartile mean
    (Agarwal et al. 2021), `std` has ddof 1, and `mean_low` to `mean_high` is the 95 % interval of
    the mean (`mean_interval`); NaN for a single training seed. `calibrated_mean` and the like are
    the same of calibrated scores, NaN without floor and ceiling. `evaluation_std` is the spread
    over evaluation seeds within a run (root mean variance, ddof 1), NaN where there is one.
    """
    keys = [*SETTING, *CELL]
    rows = [
        dict(zip(keys, key, strict=True)) | _statistics(group)
        for key, group in run_scores(scores).groupby(keys, dropna=False, sort=False)
    ]
    return in_order(frame_of("summary", rows))


def pool(scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each source, model, representation and protocol, over all settings of the model.

    Every run counts the same, so that a mean stands for the grid of hyper-parameters that was
    trained, and for no other. Its 95 % interval is that of other seeds on the same grid
    (`pooled_interval`): NaN where any setting has a single run.
    """
    keys = ["source", "model", *CELL]
    rows = [
        dict(zip(keys, key, strict=True)) | _pooled(group)
        for key, group in run_scores(scores).groupby(keys, sort=False)
    ]
    return in_order(frame_of("objectives", rows))


def _statistics(runs: pd.DataFrame) -> dict[str, float]:
    """The statistics of the runs of a setting."""
    raw, calibrated = values = runs[SCALES].to_numpy().T  # (2, n)
    lows, highs = mean_interval(values)
    return {
        "n": len(runs),
        **_centre_and_spread(raw),
        "evaluation_std": float(np.sqrt(runs["variance"].mean())),
        "mean_low": lows[0],
        "mean_high": highs[0],
        **{f"calibrated_{name}": one for name, one in _centre_and_spread(calibrated).items()},
        "calibrated_low": lows[1],
        "calibrated_high": highs[1],
    }


def _centre_and_spread(values: FloatArray) -> dict[str, float]:
    with np.errstate(invalid="ignore"):  # a score may be infinite: its spread is then no number
        return {
            "mean": float(np.mean(values)),
            "median": float(np.median(values)),
            "iqm": float(stats.trim_mean(values, 0.25)),
            "std": float(np.std(values, ddof=1)) if len(values) > 1 else np.nan,
        }


def _pooled(runs: pd.DataFrame) -> dict[str, float]:
    """The statistics of the runs of a model, resampled within each of its settings."""
    settings = runs.groupby(list(SETTING), dropna=False, sort=False)
    lows, highs = pooled_interval([group[SCALES].to_numpy().T for _, group in settings])
    mean, calibrated_mean = runs[SCALES].mean(skipna=False)
    return {
        "n_settings": settings.ngroups,
        "n": len(runs),
        "mean": mean,
        "mean_low": lows[0],
        "mean_high": highs[0],
        "calibrated_mean": calibrated_mean,
        "calibrated_low": lows[1],
        "calibrated_high": highs[1],
    }
