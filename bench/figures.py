"""The figures of a results directory, drawn from its frames and the pictures of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from disbench.atomic import replacing
from disbench.image_figures import image_figures
from disbench.settings import setting_names, settings_of
from disbench.tables import learning_curves, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

    from disbench.store import Store
    from disbench.tables import Tables

DPI = 120
MOST_COLUMNS = 3
Key = tuple[str, str]
"""A representation and a protocol."""

STYLE = {**sns.axes_style("whitegrid"), "font.size": 9, "axes.titlesize": 10}


def draw_figures(store: Store, tables: Tables, folder: Path) -> None:
    """Write every figure that there is something to draw for, as PNG, in place of earlier ones."""
    folder.mkdir(exist_ok=True)
    with rc_context(STYLE):
        for name, figure in _figures(store, tables):
            FigureCanvasAgg(figure)
            with replacing(folder / f"{name}.png") as path:
                figure.savefig(path, dpi=DPI)


def score_figure(scores: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Score against beta, a panel a protocol: a dot a seed, the mean, and its 95 % interval.

    The grey band at the foot is the mean noise floor, what lies in it is noise; the ceiling stands
    in the title. Each panel has its own scale, from 0.
    """
    settings = settings_of(scores)
    # A part of a frame may have other names for its settings than the whole.
    scores, summary = (frame.assign(setting=setting_names(frame)) for frame in (scores, summary))
    figure, panels = _panels(scores)
    for key, panel in panels.items():
        _draw_scores(panel, _of(scores, key), _of(summary, key), settings)
        panel.set(xlabel="beta", ylabel="score", xlim=(-0.5, len(settings) - 0.5))
    figure.suptitle("dot: a seed; bar: mean with 95 % interval; grey: noise floor", fontsize=8)
    return figure


def tradeoff_figure(runs: pd.DataFrame, scores: pd.DataFrame) -> Figure:
    """Reconstruction error against score, a panel a protocol, a dot a run."""
    joined = scores.assign(setting=setting_names(scores)).merge(
        runs[["source", "run", "reconstruction"]], on=["source", "run"]
    )
    figure, panels = _panels(scores)
    for key, panel in panels.items():
        sns.scatterplot(
            _of(joined, key),
            x="reconstruction",
            y="value",
            hue="setting",
            style="setting",
            hue_order=settings_of(scores),
            style_order=settings_of(scores),
            palette="colorblind",
            legend=bool(key == list(panels)[-1]),
            ax=panel,
        )
        panel.set(xlabel="reconstruction error (nats per image)", ylabel="score")
    _move_legend(panel)
    return figure


def training_figure(curves: pd.DataFrame) -> Figure:
    """Reconstruction error and KL against the step, a line a run, coloured by setting."""
    curves = curves.assign(setting=setting_names(curves))
    figure = Figure(figsize=(8.5, 3.2), layout="constrained")
    panels = figure.subplots(1, 2)
    for panel, column in zip(panels, ("reconstruction", "kl"), strict=True):
        finite = curves[np.isfinite(curves[column])]
        if finite.empty:  # there are autoencoders only, or runs that all diverged at once
            continue
        sns.lineplot(
            finite,
            x="step",
            y=column,
            hue="setting",
            hue_order=settings_of(curves),
            units="run",
            estimator=None,
            linewidth=1,
            palette="colorblind",
            legend=bool(column == "reconstruction"),
            ax=panel,
        )
    panels[0].set(ylabel="reconstruction error (nats per image)", yscale="log")
    panels[1].set(ylabel="KL (nats per image)")
    if (legend := panels[0].get_legend()) is not None:
        legend.set_title(None)
    return figure


def _figures(store: Store, tables: Tables) -> Iterator[tuple[str, Figure]]:
    folders = list(store.finished())
    if len(tables.scores):
        yield "score_vs_beta", score_figure(tables.scores, tables.summary)
        yield "tradeoff", tradeoff_figure(tables.runs, tables.scores)
    curves = learning_curves(folders, source=source_of(store))
    if len(curves):
        yield "training_curves", training_figure(curves)
    yield from image_figures(folders)


def _panels(scores: pd.DataFrame) -> tuple[Figure, dict[Key, Axes]]:
    """A figure with a titled panel for each representation and protocol, and its panels by both."""
    keys = list(dict.fromkeys(zip(scores["representation"], scores["protocol"], strict=True)))
    n_columns = min(len(keys), MOST_COLUMNS)
    n_rows = -(-len(keys) // n_columns)
    figure = Figure(figsize=(3.2 * n_columns + 0.6, 3.0 * n_rows + 0.3), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for unused in axes[len(keys) :]:
        unused.remove()
    panels = dict(zip(keys, axes, strict=False))
    for key, panel in panels.items():
        group = _of(scores, key)
        panel.set(title=_title(group, *key), ylim=(0, _top(group)))
    return figure, panels


def _title(scores: pd.DataFrame, representation: str, protocol: str) -> str:
    ceiling = scores["ceiling"].max()
    second_line = "no ceiling" if np.isnan(ceiling) else f"ceiling {ceiling:.2f}"
    return f"{protocol}, {representation}\n{second_line}"


def _top(scores: pd.DataFrame) -> float:
    """Just above the highest finite score or floor."""
    numbers = scores[["value", "floor"]].to_numpy()
    return 1.15 * float(max(numbers[np.isfinite(numbers)], default=0.0)) or 1.0


def _of(frame: pd.DataFrame, key: Key) -> pd.DataFrame:
    representation, protocol = key
    return frame[frame["representation"].eq(representation) & frame["protocol"].eq(protocol)]


def _draw_scores(
    panel: Axes, scores: pd.DataFrame, summary: pd.DataFrame, settings: Sequence[str]
) -> None:
    sns.stripplot(
        x=scores["setting"],
        y=scores["value"],
        order=list(settings),
        jitter=0.12,
        color=sns.color_palette("colorblind")[0],
        alpha=0.7,
        ax=panel,
    )
    places = [settings.index(name) for name in summary["setting"]]
    mean, low, high = (summary[name].to_numpy() for name in ("mean", "mean_low", "mean_high"))
    reach = np.nan_to_num(np.abs([mean - low, high - mean]))
    panel.errorbar(places, mean, yerr=reach, fmt="_", color="black", capsize=3, markersize=14)
    if scores["floor"].notna().any():
        panel.axhspan(0, scores["floor"].mean(), color="grey", alpha=0.2, linewidth=0)


def _move_legend(panel: Axes) -> None:
    if panel.get_legend() is not None:  # there is none where no score is a number
        sns.move_legend(panel, "center left", bbox_to_anchor=(1, 0.5), title="beta", frameon=False)
