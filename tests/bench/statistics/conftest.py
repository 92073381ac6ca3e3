"""Scores as a table would hold them, without runs behind them."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@pytest.fixture(scope="session")
def make_scores() -> Callable[..., pd.DataFrame]:
    """A score a value, each of a run of its own, with the columns that a test asks for."""
    defaults: dict[str, object] = {
        "source": "results",
        "model": "beta_vae",
        "beta": 4.0,
        "hyperparameters": "beta=4",
        "representation": "mean",
        "protocol": "mig/locatello2019",
        "calibrated": nan,
    }

    def make(values: Sequence[float], **columns: object) -> pd.DataFrame:
        runs = [f"run{i}" for i in range(len(values))]
        frame = pd.DataFrame({"value": values, "run": runs}).assign(**defaults)
        frame = frame.assign(**columns)
        if "beta" in columns and "hyperparameters" not in columns:
            frame["hyperparameters"] = "beta=" + frame["beta"].map("{:g}".format)
        return frame.astype({"hyperparameters": "str", "calibrated": "float64"})

    return make
