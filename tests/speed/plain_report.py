"""The tables and figures that anybody would make of finished runs, to compare ours with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from pathlib import Path


def plain_report(directory: Path, target: Path) -> None:
    """Write the runs, their losses, their scores and a summary as CSV, and a figure a protocol."""
    target.mkdir(exist_ok=True)
    folders = sorted((directory / "runs").iterdir())
    runs = pd.DataFrame([_run(folder) for folder in folders])
    scores = pd.DataFrame([score for folder in folders for score in _scores(folder)])
    scores = scores.merge(runs[["id", "beta", "seed"]], on="id")
    keys = ["protocol", "representation", "beta"]
    summary = scores.groupby(keys)["value"].describe().reset_index()
    losses = pd.concat([_losses(folder) for folder in folders]).merge(runs[["id", "beta"]], on="id")
    for name, frame in (("runs", runs), ("scores", scores), ("summary", summary)):
        frame.to_csv(target / f"{name}.csv", index=False)
    for protocol, own in scores.groupby("protocol"):
        _draw(own, "beta", "value", target / f"{str(protocol).replace('/', '-')}")
    _draw(losses, "step", "loss", target / "losses")


def _run(folder: Path) -> dict[str, object]:
    run = json.loads((folder / "training.json").read_bytes())["run"]
    return {"id": folder.name, "seed": run["seed"], "beta": run["hyperparameters"]["beta"]}


def _scores(folder: Path) -> list[dict[str, object]]:
    scores = json.loads((folder / "evaluation.json").read_bytes())["scores"]
    return [{"id": folder.name} | score for score in scores]


def _losses(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "losses.csv").assign(id=folder.name)


def _draw(frame: pd.DataFrame, x: str, y: str, path: Path) -> None:
    """A line of means with an interval, as PNG and SVG."""
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    sns.lineplot(frame, x=x, y=y, errorbar=("ci", 95), ax=figure.subplots())
    for kind in ("png", "svg"):
        figure.savefig(path.with_suffix(f".{kind}"))
