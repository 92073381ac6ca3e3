"""What each dimension of a code costs in nats, and what it tells of each factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from disbench.figures.statistics import heat_map
from disbench.figures.style import Picture, grid_of_panels, height_for, markers, palette
from disbench.settings import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from disbench.evidence import Evidence
    from disbench.information import Information


def kl_picture(evidence: Evidence) -> Picture:
    """KL of the dimensions in descending order: a line a setting (mean over seeds), a dot a run."""
    costly = evidence.dimensions.dropna(subset=["kl"])
    settings = [setting for setting in evidence.settings if costly["setting"].eq(setting).any()]
    figure = Figure(figsize=(6.4, height_for(settings, 3.2)), layout="constrained")
    panel = figure.subplots()
    for setting in settings:
        # The colours of all settings, as in other figures, though only these have a KL.
        _draw_setting(panel, costly[costly["setting"].eq(setting)], setting, evidence.settings)
    panel.set(xlabel="dimensions of a run, most costly first", ylabel="KL (nats per image)")
    panel.set_xticks(sorted(costly["rank"].unique()))
    figure.legend(loc="outside right upper")
    totals = costly.groupby("setting")["kl"].sum() / costly.groupby("setting")["run"].nunique()
    said = ", ".join(f"{spoken(setting)} {totals[setting]:.1f}" for setting in settings)
    return Picture(
        "kl_by_dimension",
        "KL of each dimension",
        "A line is the mean over the seeds of a setting, a dot a run; a dimension near 0 says "
        "nothing.",
        f"KL in nats per image by dimension, descending. Mean totals: {said}.",
        figure,
    )


def information_picture(shown: Sequence[tuple[str, Information]]) -> Picture:
    """What each dimension tells of each factor, as a share of the factor's entropy.

    A matrix a run; `shown` names each. Dimensions are in descending order of KL.
    """
    n_rows = max(len(information.shares) for _, information in shown)
    figure = Figure(figsize=(3.5 * len(shown), 0.27 * n_rows + 1.5), layout="constrained")
    panels = grid_of_panels(figure, len(shown), most_columns=len(shown))
    highest = max(float(information.shares.max()) for _, information in shown)
    for (title, information), panel in zip(shown, panels, strict=True):
        rows = [f"z{dimension}" for dimension in information.order]
        image = heat_map(
            panel,
            information.shares[list(information.order)],
            rows,
            information.factors,
            colours="cividis",
            limits=(0, np.ceil(10 * highest + 1e-9) / 10),
        )
        panel.set_title(title)
        panel.tick_params(axis="x", labelrotation=30)
    figure.colorbar(image, ax=figure.axes[-1], label="share of the factor's entropy")
    alt = "; ".join(f"{_one_line(title)}: {information.in_words()}" for title, information in shown)
    caption = (
        "Mutual information of each dimension (codes in 20 bins) with each factor, as a share of "
        "the factor's entropy; dimensions by descending KL, those of an autoencoder by their "
        "largest share. One bright cell a column is what MIG rewards."
    )
    return Picture("information", "What each dimension tells of each factor", caption, alt, figure)


def _draw_setting(
    panel: Axes, dimensions: pd.DataFrame, setting: str, settings: Sequence[str]
) -> None:
    colour, mark = palette(settings)[setting], markers(settings)[setting]
    mean = dimensions.groupby("rank")["kl"].mean()
    panel.plot(mean.index, mean, color=colour, marker=mark, markersize=4, label=spoken(setting))
    panel.scatter(dimensions["rank"], dimensions["kl"], s=7, color=colour, alpha=0.5, linewidths=0)


def _one_line(title: str) -> str:
    return " ".join(title.split())
