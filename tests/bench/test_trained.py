"""Rows of baselines are told from those of trained models by the name of the model."""

from __future__ import annotations

import pandas as pd

from disbench.trained import only_baselines, without_baselines

ROWS = pd.DataFrame({"model": ["ae", "pca", "beta_vae", "untrained"], "value": [1, 2, 3, 4]})


def test_rows_are_parted() -> None:
    assert without_baselines(ROWS)["value"].tolist() == [1, 3]
    assert only_baselines(ROWS)["value"].tolist() == [2, 4]


def test_frame_without_rows_is_parted_into_two_of_them() -> None:
    empty = ROWS.iloc[:0]
    assert without_baselines(empty).equals(empty)
    assert only_baselines(empty).equals(empty)
