"""Tables and figures of a results directory, rebuilt from what is on disk, finished or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.figures import draw_figures
from disbench.groups import score_groups
from disbench.store import Store
from disbench.tables import Tables, tabulate, write_csv

if TYPE_CHECKING:
    from pathlib import Path


def write_report(directory: Path) -> Tables:
    """Write the tables, ``runs.csv`` to ``agreement.csv``, and ``figures/``."""
    store = Store(directory)
    study = store.study()
    if study is not None:
        score_groups(store, study)
    tables = tabulate(store)
    for name, frame in tables._asdict().items():
        write_csv(name, frame, directory)
    draw_figures(store, tables, directory / "figures")
    return tables


def missing_runs(directory: Path) -> list[str]:
    """What the study in a directory asks for and the directory does not hold, in words."""
    store = Store(directory)
    study = store.study()
    if study is None:
        return []
    # Only the grid can differ between the runs of a directory, so a label tells them apart.
    found = {training.run.label for folder in store.finished() if (training := folder.training())}
    asked = study.runs(precision="fp32", data_sha256="")
    return [run.label for run in asked if run.label not in found]
