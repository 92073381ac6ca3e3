"""Building the tables, the figures and the report of a directory of finished runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from plain_report import plain_report
from processes import alone
from timing import OURS, alternate

from disbench.cells import Cell
from disbench.dsprites import RENDERED_SHA256
from disbench.finishing import finish
from disbench.metrics.protocols import PROTOCOLS
from disbench.record_files import write_record
from disbench.records import LossRecord, ScoreRecord
from disbench.report import write_report
from disbench.store import Store
from disbench.study_files import load_study, narrowed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from machine import Setting
    from measurement import Measurement

    from disbench.records import EvaluationRecord
    from disbench.runs import Run

BETAS = (1, 2, 4, 6, 8, 16)
N_SEEDS = 50
N_RECORDS = 300
N_PROTOCOLS = 20


def measure(setting: Setting) -> Measurement:
    """The report on the grid of locatello2019: six betas, 50 seeds of each, 20 protocols.

    Beside it, the tables and a figure of each protocol by pandas and seaborn, with their own
    intervals and without agreement, variance, comparisons, pictures, explorers and the page. The
    floor is to read the records and the losses, and to copy what the report comes to.
    """
    with TemporaryDirectory() as folder:
        n_runs = alone(pretend, Path(folder))
        calls: dict[str, Callable[[], object]] = {
            OURS: lambda: write_report(Path(folder)),
            "plain pandas and seaborn": lambda: plain_report(Path(folder), Path(folder, "plain")),
            "bytes alone": lambda: _bytes_alone(Path(folder)),
        }
        rounds = alternate(calls, seconds=setting.seconds / 2, warm_up=False)
    return rounds.measurement(
        f"report on {n_runs} runs by {N_PROTOCOLS} protocols",
        floor=median(rounds.seconds["bytes alone"]),
        ratios=(rounds.speed("plain pandas and seaborn"),),
    )


def _bytes_alone(directory: Path) -> None:
    """Read what a report is made of, and write as much as it comes to."""
    for name in ("training.json", "evaluation.json", "losses.csv"):
        for path in directory.glob(f"runs/*/{name}"):
            path.read_bytes()
    for path in (*directory.glob("*.*"), *directory.glob("figures/*")):
        shutil.copyfile(path, directory / "plain" / path.name)


def pretend(directory: Path, *, betas: Sequence[float] = BETAS, n_seeds: int = N_SEEDS) -> int:
    """Fill a results directory with copies of one real, short run; returns how many there are."""
    study = narrowed(
        load_study("smoke"),
        objectives=["beta_vae"],
        beta=betas,
        seeds=n_seeds,
        steps=50,
        precision="fp32",
    )
    store = Store(directory)
    store.open_for(study)
    *others, real = study.runs(precision="fp32", data_sha256=RENDERED_SHA256)
    outcome = finish(Cell(real, directory, study.data, study.evaluation, "cpu"))
    if outcome.status != "done":
        raise RuntimeError(f"the run to copy {outcome.status}: {outcome.error}")
    for run in others:
        _copy(store, real, run)
    return study.n_runs


def _copy(store: Store, real: Run, run: Run) -> None:
    source = store.folder(real)
    rng = np.random.default_rng(int(run.identity[:8], 16))
    losses = [LossRecord(50 * i, *(100 / (i + rng.random(3)))) for i in range(1, N_RECORDS + 1)]
    folder = store.begun(run)
    shutil.copytree(source.path, folder.path)
    training = source.training().model_copy(update={"run": run})
    folder.write_training(training, losses, source.read_weights())
    write_record(_varied(source.evaluation(), run, rng), folder.path / "evaluation.json")
    store.publish(run)


def _varied(evaluation: EvaluationRecord, run: Run, rng: np.random.Generator) -> EvaluationRecord:
    """The record of another run, with scores by other protocols than the real one had."""
    scores = tuple(
        ScoreRecord(
            representation=representation,
            protocol=protocol.name,
            protocol_version=protocol.version,
            value=rng.random(),
            floor=0.1,
            ceiling=0.9,
            n_points=10_000,
            seed=0,
        )
        for protocol in list(PROTOCOLS.values())[:N_PROTOCOLS]
        for representation in protocol.representations
    )
    return evaluation.model_copy(update={"identity": run.identity, "scores": scores})
