"""The columns of each table, and the types that a CSV file cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.records import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        "latents": "int64",
        "steps": "int64",
        "batch_size": "int64",
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
        "error": "str",
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
    },
}
"""Column name -> type, by the name of the table."""
