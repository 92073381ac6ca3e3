"""What must be the same at the end, whatever happened on the way, and what must not be there."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from disbench.store import Store

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("codes.h5", "details.h5", "losses.csv", "model.safetensors", "pictures.h5")
RECORDS = ("training.json", "evaluation.json")
OF_THE_DAY = ("sha256", "started", "seconds", "provenance", "earlier")
"""Keys of a record that tell when, where and how long, and its checksum, which covers these."""

OF_A_SCORE = (
    "run",
    "representation",
    "protocol",
    "protocol_version",
    "value",
    "floor",
    "ceiling",
    "calibrated",
    "n_points",
    "evaluation_seed",
    "steps_done",
)
"""Columns of the table of scores that tell neither when nor where."""


def results_of(directory: Path) -> dict[str, Any]:
    """Every file of every finished run, the records but for the day, and the table of scores."""
    folders = [folder.path for folder in Store(directory).finished()]
    return {
        **{f"{f.name}/{name}": _bytes(f / name) for f in folders for name in FILES},
        **{f"{f.name}/{name}": _record(f / name) for f in folders for name in RECORDS},
        "scores.csv": _scores(directory / "scores.csv"),
    }


def differences(directory: Path, reference: Path) -> list[str]:
    """The names of what is not as in an undisturbed run."""
    found, expected = results_of(directory), results_of(reference)
    return [name for name in {**expected, **found} if found.get(name) != expected.get(name)]


def leftovers(directory: Path) -> list[str]:
    """What no finished study leaves: locks, unfinished runs, failures, and halves of files."""
    folders = [directory / name for name in ("unfinished", "failures")]
    there = {path for folder in folders for path in folder.iterdir()}
    hidden = set(directory.rglob(".*"))
    return sorted(str(path.relative_to(directory)) for path in there | hidden)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _record(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    return {k: v for k, v in json.loads(path.read_bytes()).items() if k not in OF_THE_DAY}


def _scores(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [[row[name] for name in OF_A_SCORE] for row in csv.DictReader(file)]
