"""Tables that protocols refuse, and the reasons they give."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from canonical import table
from evaluation import GOLDEN, NAMES
from pytest_regressions.dataframe_regression import DataFrameRegressionFixture

from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS
from disbench.metrics.table import CodesError, CodeTable


def _tables() -> Mapping[str, CodeTable]:
    """Return tables of two dimensions and two factors that some protocol cannot score."""
    whole = table("factors", "whole")
    sound = CodeTable(
        whole.codes[:, :2], whole.factors[:, :2], whole.factor_names[:2], whole.log_variance[:, :2]
    )
    rare = np.arange(sound.n) == 0
    return {
        "999 rows": sound.take(np.linspace(0, sound.n - 1, 999).astype(int)),
        "one factor": sound.without_factors(["shape"]),
        "a factor with two values, one of them in a single row": replace(
            sound, factors=np.stack([rare, sound.factors[:, 1]], axis=1).astype(int)
        ),
        "no posterior": replace(sound, log_variance=None),
        "posteriors of deviation 1e-6": replace(
            sound, log_variance=np.full_like(sound.codes, 2 * np.log(1e-6))
        ),
    }


def _refusal(name: str, scored: CodeTable) -> str | None:
    """Return why the protocol refuses the table, or None where it scores it."""
    rng = np.random.default_rng(0)
    try:
        if name in GROUP_PROTOCOLS:
            GROUP_PROTOCOLS[name].scores([scored, scored], rng=rng)
        else:
            PROTOCOLS[name].score(scored, rng=rng)
    except CodesError as error:
        return str(error)
    return None


@pytest.mark.regress
def test_what_cannot_be_scored_is_refused_with_its_reason(
    dataframe_regression: DataFrameRegressionFixture,
) -> None:
    cases = product(NAMES, _tables().items())
    refusals = [(name, kind, _refusal(name, scored)) for name, (kind, scored) in cases]
    obtained = pd.DataFrame(refusals, columns=["protocol", "table", "reason"]).dropna()
    dataframe_regression.check(obtained.set_index("protocol"), fullpath=GOLDEN / "refusals.csv")
