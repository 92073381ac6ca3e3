"""The score of a run: what repeated evaluations of it come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.settings import SETTING

if TYPE_CHECKING:
    import pandas as pd

CELL = ("representation", "protocol")
"""The columns that scores of one kind share: only those are compared."""


def run_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each run, representation and protocol, in the order of first appearance.

    `value` and `calibrated` are means over evaluation seeds, NaN where any is; `variance` is that
    of the values (ddof 1), NaN where there is one. The other columns are those of `SETTING`, `run`,
    and those of `CELL`.
    """
    keys = [*SETTING, "run", *CELL]
    groups = scores.groupby(keys, dropna=False, sort=False)
    means = groups[["value", "calibrated"]].mean(skipna=False)
    return means.assign(variance=groups["value"].var(ddof=1, skipna=False)).reset_index()
