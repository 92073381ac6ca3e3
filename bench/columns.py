"""The columns of each table, and the types that a CSV file cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from disbench.records import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PROVENANCE = dict.fromkeys(Provenance.model_fields, "str") | {"threads": "Int64"}

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "runs": {
        "run": "str",
        "model": "str",
        "beta": "float64",
        "beta_norm": "float64",
        "hyperparameters": "str",
        "seed": "int64",
        "status": "str",
        "steps_done": "Int64",
        "reconstruction": "float64",
        "kl": "float64",
        "elbo": "float64",
        "active_dimensions": "Int64",
        "training_seconds": "float64",
        "evaluation_seconds": "float64",
        "network": "str",
        "latents": "Int64",
        "steps": "int64",
        "batch_size": "Int64",
        "optimiser": "str",
        "learning_rate": "float64",
        "precision": "str",
        "grid": "str",
        "n_reconstructed": "Int64",
        "data_source": "str",
        "data_sha256": "str",
        "identity": "str",
        "training_version": "int64",
        "started": "str",
        **_PROVENANCE,
        "resumed_from": "str",
        "error": "str",
        "source": "str",
    },
    "scores": {
        "run": "str",
        "model": "str",
        "beta": "float64",
        "hyperparameters": "str",
        "seed": "int64",
        "representation": "str",
        "protocol": "str",
        "value": "float64",
        "floor": "float64",
        "ceiling": "float64",
        "calibrated": "float64",
        "n_points": "int64",
        "evaluation_seed": "int64",
        "protocol_version": "int64",
        "grid": "str",
        "steps_done": "int64",
        "precision": "str",
        "data_sha256": "str",
        **_PROVENANCE,
        "source": "str",
    },
    "summary": {
        "model": "str",
        "beta": "float64",
        "hyperparameters": "str",
        "representation": "str",
        "protocol": "str",
        "n": "int64",
        "mean": "float64",
        "median": "float64",
        "iqm": "float64",
        "std": "float64",
        "evaluation_std": "float64",
        "mean_low": "float64",
        "mean_high": "float64",
        "calibrated_mean": "float64",
        "calibrated_median": "float64",
        "calibrated_iqm": "float64",
        "calibrated_std": "float64",
        "calibrated_low": "float64",
        "calibrated_high": "float64",
        "source": "str",
    },
    "objectives": {
        "model": "str",
        "representation": "str",
        "protocol": "str",
        "n_settings": "int64",
        "n": "int64",
        "mean": "float64",
        "mean_low": "float64",
        "mean_high": "float64",
        "calibrated_mean": "float64",
        "calibrated_low": "float64",
        "calibrated_high": "float64",
        "source": "str",
    },
    "variance": {
        "representation": "str",
        "protocol": "str",
        "n_runs": "int64",
        "n_settings": "int64",
        "source": "float64",
        "objective": "float64",
        "hyperparameters": "float64",
        "seed": "float64",
        "evaluation": "float64",
    },
    "dimensions": {
        "run": "str",
        "model": "str",
        "beta": "float64",
        "hyperparameters": "str",
        "seed": "int64",
        "dimension": "int64",
        "rank": "int64",
        "kl": "float64",
        "factor": "str",
        "share": "float64",
        "source": "str",
    },
    "factors": {
        "run": "str",
        "model": "str",
        "beta": "float64",
        "hyperparameters": "str",
        "seed": "int64",
        "factor": "str",
        "dimension": "int64",
        "share": "float64",
        "source": "str",
    },
    "comparisons": {
        "representation": "str",
        "protocol": "str",
        "first": "str",
        "second": "str",
        "n_first": "int64",
        "n_second": "int64",
        "difference": "float64",
        "probability": "float64",
        "low": "float64",
        "high": "float64",
        "p": "float64",
        "p_adjusted": "float64",
    },
    "agreement": {
        "representation": "str",
        "first": "str",
        "second": "str",
        "n": "int64",
        "rho": "float64",
        "p": "float64",
    },
}
"""Column name -> type, by the name of the table."""


def frame_of(name: str, rows: Iterable[Mapping[str, object]] | pd.DataFrame) -> pd.DataFrame:
    """The table of this name with these rows, in their order: its columns and no others.

    A column that no row has is missing throughout.
    """
    columns = COLUMNS[name]
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    return frame.reindex(columns=list(columns)).astype(dict(columns)).reset_index(drop=True)
