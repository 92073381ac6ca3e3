"""Which rows of a frame are those of models that were trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.models.baselines import BASELINES

if TYPE_CHECKING:
    import pandas as pd


def without_baselines(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a frame whose column `model` names no baseline."""
    return frame[~frame["model"].isin(list(BASELINES))]


def only_baselines(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a frame whose column `model` names a baseline."""
    return frame[frame["model"].isin(list(BASELINES))]
