"""Scores: against the setting, and against what they cost in reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from disbench.figures.style import (
    FLOOR,
    INK,
    SERIES,
    Picture,
    grid_of_panels,
    height_for,
    markers,
    palette,
)
from disbench.metrics.protocols import PROTOCOLS
from disbench.settings import spoken
from disbench.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from disbench.evidence import Evidence

MOST_COLUMNS = 3
MOST_ABREAST = 24
"""Settings of all panels in a row: with more of them a row has fewer panels."""
MOST_UPRIGHT = 6
"""More settings than these have their names slanted."""

KEY = (
    "A dot is a seed, the line their median, the diamond their mean with its 95 % interval; the "
    "grey band reaches from 0 to the noise floor"
)


def score_picture(
    name: str, evidence: Evidence, protocols: Sequence[str], *, representation: str
) -> Picture:
    """Score against the setting, a panel a protocol: every seed, median, mean and its interval.

    The grey band at the foot is the mean noise floor: what lies in it is noise. The ceiling stands
    in the title. Each panel has its own scale, from 0 unless a score is below.
    """
    scores, summary = (
        frame[frame["representation"].eq(representation)]
        for frame in (evidence.tables.scores, evidence.tables.summary)
    )
    places = {setting: place for place, setting in enumerate(evidence.settings)}
    n_columns = _columns(len(protocols), len(places))
    figure = _figure(len(protocols), n_columns, list(places))
    panels = grid_of_panels(figure, len(protocols), most_columns=n_columns)
    for protocol, panel in zip(protocols, panels, strict=True):
        of_protocol = scores[scores["protocol"].eq(protocol)]
        _draw_scores(panel, of_protocol, places)
        _draw_summary(panel, summary[summary["protocol"].eq(protocol)], places)
        _finish(panel, of_protocol, protocol, places)
    title = _title(protocols, representation)
    return Picture(name, title, f"{title}. {KEY}.", _alt(summary, protocols, list(places)), figure)


def tradeoff_picture(evidence: Evidence, protocols: Sequence[str]) -> Picture:
    """Reconstruction error against score of the posterior means, a panel a protocol, a dot a run.

    Up and to the left is better.
    """
    scores = evidence.tables.scores
    means = scores[scores["representation"].eq("mean")]
    values = means.groupby(["source", "run", "protocol"], as_index=False)["value"]
    by_run = values.mean(skipna=False)  # a missing evaluation is not hidden
    runs = evidence.tables.runs[["source", "run", "setting", "reconstruction"]]
    joined = by_run.merge(runs, on=["source", "run"])
    height = height_for(evidence.settings, 3.2)
    figure = Figure(figsize=(3.2 * len(protocols) + 1.3, height), layout="constrained")
    panels = list(grid_of_panels(figure, len(protocols), most_columns=len(protocols)))
    for protocol, panel in zip(protocols, panels, strict=True):
        _scatter(panel, joined[joined["protocol"].eq(protocol)], evidence.settings)
        panel.set(title=protocol, xlabel="reconstruction error (nats per image)", ylabel="score")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
    return Picture(
        "tradeoff",
        "Reconstruction against disentanglement",
        "What disentanglement costs: a dot is a run, up is better disentangled, left reconstructs "
        "better.",
        "Scatter plots of score against reconstruction error in nats per image, a dot a run, for "
        f"{', '.join(protocols)}.",
        figure,
    )


def _columns(n_panels: int, n_settings: int) -> int:
    return max(1, min(n_panels, MOST_COLUMNS, MOST_ABREAST // max(1, n_settings)))


def _figure(n_panels: int, n_columns: int, settings: Sequence[str]) -> Figure:
    n_settings = len(settings)
    each = 0.45 if n_settings <= MOST_ABREAST else 0.3
    width = max(3.2, each * n_settings + 1.0) * n_columns + 0.4
    longest = max(map(len, settings), default=0)
    slanted = 0.1 + 0.05 * longest if n_settings > MOST_UPRIGHT else 0.0
    height = (2.7 + slanted) * -(-n_panels // n_columns) + 0.2
    return Figure(figsize=(width, height), layout="constrained")


def _draw_scores(panel: Axes, scores: pd.DataFrame, places: Mapping[str, int]) -> None:
    by_run = scores.groupby(["setting", "run"])["value"]
    for setting, values in by_run.mean(skipna=False).groupby(level="setting"):
        panel.scatter(
            places[str(setting)] - 0.14 + _spread(len(values)),
            values,
            s=18,
            color=SERIES[0],
            alpha=0.75,
            linewidths=0,
        )


def _spread(n: int) -> NDArray[np.float64]:
    """Places beside each other for dots that would cover each other, the same each time.

    The golden ratio spreads any number of them evenly.
    """
    return np.asarray(0.22 * ((np.arange(n) * 0.618034 + 0.5) % 1 - 0.5))


def _draw_summary(panel: Axes, summary: pd.DataFrame, places: Mapping[str, int]) -> None:
    at = np.array([places[name] for name in summary["setting"]]) + 0.2
    mean, low, high, median = (
        summary[name].to_numpy() for name in ("mean", "mean_low", "mean_high", "median")
    )
    reach = np.nan_to_num(np.abs([mean - low, high - mean]))
    panel.errorbar(
        at, mean, yerr=reach, fmt="D", color=INK, markersize=4, capsize=2.5, linewidth=1.2
    )
    panel.hlines(median, at - 0.46, at + 0.1, color=INK, linewidth=1.2)


def _finish(panel: Axes, scores: pd.DataFrame, protocol: str, places: Mapping[str, int]) -> None:
    ceiling = scores["ceiling"].max()
    bound = "no ceiling" if np.isnan(ceiling) else f"ceiling {ceiling:.2f}"
    panel.set(title=f"{protocol}\n{bound}", ylabel=_unit(protocol), xlim=(-0.6, len(places) - 0.4))
    panel.set_ylim(*_limits(scores))
    if any(spoken(setting) != setting for setting in places):
        panel.set_xlabel("beta, or the model")
    slanted = len(places) > MOST_UPRIGHT
    panel.set_xticks(
        list(places.values()),
        list(places),
        rotation=40 if slanted else 0,
        ha="right" if slanted else "center",
    )
    panel.grid(visible=False, axis="x")
    if scores["floor"].notna().any():
        panel.axhspan(0, scores["floor"].mean(), color=FLOOR, alpha=0.25, linewidth=0, zorder=0)


def _unit(protocol: str) -> str:
    """What a protocol counts in, as its title says."""
    known = PROTOCOLS.get(protocol)
    return "nats" if known is not None and known.title.endswith(", in nats") else "score"


def _limits(scores: pd.DataFrame) -> tuple[float, float]:
    """From 0, or below the lowest score, to just above the highest score or floor."""
    numbers = scores[["value", "floor"]].to_numpy()
    finite = numbers[np.isfinite(numbers)]
    top = 1.12 * float(max(finite, default=0.0))
    return min(0.0, 1.12 * float(min(finite, default=0.0))), top if top > 0 else 1.0


def _scatter(panel: Axes, scores: pd.DataFrame, settings: Sequence[str]) -> None:
    colours, marks = palette(settings), markers(settings)
    for setting in settings:
        of_setting = scores[scores["setting"].eq(setting)]
        panel.scatter(
            of_setting["reconstruction"],
            of_setting["value"],
            color=colours[setting],
            marker=marks[setting],
            s=26,
            label=spoken(setting),
            linewidths=0,
        )


def _title(protocols: Sequence[str], representation: str) -> str:
    what = "posterior means" if representation == "mean" else "posterior samples"
    number = "" if len(protocols) == 1 else f", {len(protocols)} protocols"
    return f"Scores of the {what}{number}"


def _alt(summary: pd.DataFrame, protocols: Sequence[str], settings: Sequence[str]) -> str:
    """The means that the figure shows, in words, of the first protocols."""
    parts = []
    for protocol in protocols[:MOST_COLUMNS]:
        means = summary[summary["protocol"].eq(protocol)].set_index("setting")["mean"]
        said = (
            f"{spoken(name)} {number(means[name], '.3f')}" for name in settings if name in means
        )
        parts.append(f"{protocol}: {', '.join(said)}")
    return f"Score against setting, a dot a seed. Means: {'; '.join(parts)}."
