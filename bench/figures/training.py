"""Losses against the step: what training did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from disbench.figures.style import Picture, height_for, palette
from disbench.settings import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from disbench.evidence import Evidence

LOSSES = {"reconstruction": "reconstruction error", "kl": "KL", "elbo": "ELBO"}
DASHES = ("-", "--", "-.", ":")


def training_picture(evidence: Evidence) -> Picture:
    """Reconstruction error, KL and ELBO of the batches: a line a setting, the mean over its seeds.

    The band reaches from the 5th to the 95th percentile of the seeds.
    """
    curves = evidence.curves
    curves = curves.assign(elbo=-(curves["reconstruction"] + curves["kl"]))
    figure = Figure(figsize=(9.6, height_for(evidence.settings, 3.1)), layout="constrained")
    panels = figure.subplots(1, len(LOSSES))
    for panel, (column, name) in zip(panels, LOSSES.items(), strict=True):
        _draw_curves(panel, curves, column, evidence.settings)
        panel.set(xlabel="step", ylabel=f"{name} (nats per image)")
    if np.isfinite(curves["reconstruction"]).any():
        _scale_by_factors(panels[0])
    late = curves.loc[curves["step"] > curves["step"].max() / 10, "elbo"]
    if np.isfinite(late).any():
        panels[2].set_ylim(bottom=1.05 * late[np.isfinite(late)].min())
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
    return Picture(
        "training_curves",
        "Training",
        "Losses of the training batches: the mean over the seeds of a setting, and the band "
        "between their 5th and 95th percentile. The ELBO of the first tenth may lie below the "
        "frame.",
        "Line plots of reconstruction error, KL and ELBO in nats per image against the training "
        f"step, for {', '.join(map(spoken, evidence.settings))}.",
        figure,
    )


def _draw_curves(panel: Axes, curves: pd.DataFrame, column: str, settings: Sequence[str]) -> None:
    colours = palette(settings)
    finite = curves[np.isfinite(curves[column])]
    for place, setting in enumerate(settings):
        by_step = finite[finite["setting"].eq(setting)].groupby("step")[column]
        mean, low, high = by_step.mean(), by_step.quantile(0.05), by_step.quantile(0.95)
        style = DASHES[place % len(DASHES)]
        colour, label = colours[setting], spoken(setting)
        mark = "o" if len(mean) == 1 else None  # one point makes no line
        panel.plot(mean.index, mean, style, color=colour, linewidth=1.3, label=label, marker=mark)
        panel.fill_between(mean.index, low, high, color=colour, alpha=0.2, linewidth=0)


def _scale_by_factors(panel: Axes) -> None:
    """A logarithmic axis whose numbers are written out."""
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter(ScalarFormatter())
    low, high = panel.get_ylim()
    few = high < 10 * low  # no two powers of ten in sight: name what lies between
    panel.yaxis.set_minor_formatter(ScalarFormatter() if few else NullFormatter())
