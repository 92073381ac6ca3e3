"""What can be compared between results directories, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from disbench.records import Provenance
from disbench.settings import SETTING, setting_names
from disbench.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from disbench.evidence import Evidence

TRAINED_WITH = {
    "data_sha256": "data",
    "network": "network",
    "latents": "latents",
    "steps": "steps",
    "batch_size": "batch size",
    "optimiser": "optimiser",
    "learning_rate": "learning rate",
    "precision": "precision",
    "training_version": "training version",
}
GRID = {"grid": "grid"}
SCORED_WITH = {"protocol_version": "protocol version", **GRID}
"""What has to be the same for two scores to measure the same thing, beside how the run was trained.
"""


SHARED = ("data_sha256", "precision")
"""Columns that the table of scores has of its own."""

ASPECTS = frozenset((TRAINED_WITH | GRID).values())
"""The aspects in which a difference changes what a score means."""


def aspects(evidence: Evidence) -> pd.DataFrame:
    """A row for each thing that may differ: `aspect`, a column a directory, and `same`.

    Versions and devices are listed last: they move bits, and seldom more.
    """
    runs = evidence.tables.runs
    runs = runs.assign(steps=runs["steps"].where(runs["steps"] > 0))  # baselines take none
    sources = list(dict.fromkeys(runs["source"]))
    rows = []
    for column, label in (TRAINED_WITH | GRID | _machine()).items():
        values = {s: _values(runs[runs["source"].eq(s)][column]) for s in sources}
        rows.append({"aspect": label, **values, "same": _verdict(values)})
    return pd.DataFrame(rows)


def comparable_rows(evidence: Evidence) -> pd.DataFrame:
    """A row for each model, beta and protocol that several directories have: what differs.

    Columns are model, beta, hyperparameters, representation, protocol, setting (its name without
    a directory), comparable, and differs: in words, what the scores were not made alike in.
    """
    training = evidence.tables.runs[
        ["source", "run", *(c for c in TRAINED_WITH if c not in SHARED)]
    ]
    scores = evidence.tables.scores.merge(training, on=["source", "run"])
    keys = [*SETTING[1:], "representation", "protocol"]
    rows = [
        dict(zip(keys, key, strict=True)) | _compared(group)
        for key, group in scores.groupby(keys, dropna=False, sort=False)
        if len(group["source"].unique()) > 1
    ]
    frame = pd.DataFrame(rows, columns=[*keys, "comparable", "differs"])
    return frame.assign(setting=setting_names(frame.assign(source="")))


def comparison(evidence: Evidence) -> Iterator[str]:
    """How many rows the directories share, and how many of those can be compared."""
    rows = comparable_rows(evidence)
    found = aspects(evidence)
    n_alike = int(rows["comparable"].sum())
    different = [a for a in found.loc[found["same"].eq("differs"), "aspect"] if a in ASPECTS]
    because = f"; the directories differ in {listed(different)}" if different else ""
    shared = f"{counted(len(rows), 'score')} of a setting by a protocol"
    yield f"The directories share {shared}; {n_alike} of these can be compared{because}."


def _machine() -> dict[str, str]:
    return {name: name.replace("_", " ") for name in Provenance.model_fields}


def _values(column: pd.Series[Any]) -> str:
    return ", ".join(dict.fromkeys(map(_short, sorted(column.dropna().unique())))) or "\u2013"


def _short(value: object) -> str:
    """A value to be read beside others: of a hash the beginning tells."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text[:12] if len(text) in {40, 64} else text


def _verdict(values: dict[str, str]) -> str:
    return "same" if len(set(values.values())) == 1 else "differs"


def _compared(scores: pd.DataFrame) -> dict[str, object]:
    differences = list(_differences(scores))
    return {"comparable": not differences, "differs": "; ".join(differences)}


def _differences(scores: pd.DataFrame) -> Iterator[str]:
    for column, label in (SCORED_WITH | TRAINED_WITH).items():
        by_source = scores.groupby("source", sort=False)[column]
        values = {str(source): _values(found) for source, found in by_source}
        if _verdict(values) == "differs":
            said = ", ".join(f"{value} in {source}" for source, value in values.items())
            yield f"{label} ({said})"
