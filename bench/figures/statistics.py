"""How much was chosen and how much is luck, and which metrics agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from disbench.figures.style import INK, LINE, Picture, palette
from disbench.settings import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import ArrayLike, NDArray

SHARES = ("source", "objective", "hyperparameters", "seed", "evaluation")
EVEN = 0.5
MOST_UPRIGHT = 5
HATCHES = ("..", "", "//", "xx", "")
CAPTION = (
    "Components of the variance of the scores of posterior means over all runs; what a protocol's "
    "own draws do is part of 'seed' where each run was scored once."
)


def variance_picture(variance: pd.DataFrame, *, chosen: str) -> Picture:
    """The shares of the variance of each protocol's scores: a bar a protocol, of 100 %.

    `chosen` is what to call the hyper-parameters.
    """
    shown = variance.dropna(subset=["seed"]).iloc[::-1]
    figure = Figure(figsize=(7.5, 0.3 * len(shown) + 1.1), layout="constrained")
    panel = figure.subplots()
    parts = [name for name in SHARES if shown[name].fillna(0).any()]
    left = np.zeros(len(shown))
    for name, colour in palette(SHARES).items():
        if name in parts:
            width = 100 * shown[name].fillna(0).to_numpy()
            hatch = HATCHES[SHARES.index(name)]
            panel.barh(
                shown["protocol"],
                width,
                left=left,
                color=colour,
                label=chosen if name == "hyperparameters" else name,
                hatch=hatch,
                edgecolor=LINE,
                linewidth=0,
            )
            left += width
    panel.set(xlabel="share of the variance over all runs (%)", xlim=(0, 100))
    panel.grid(visible=False, axis="y")
    figure.legend(loc="outside upper center", ncols=len(SHARES))
    title = f"How much is {chosen}, how much is luck"
    return Picture("variance", title, CAPTION, _alt(shown, parts), figure)


def agreement_picture(agreement: pd.DataFrame) -> Picture:
    """Spearman's rank correlation over runs between every two measures, as a heat map."""
    names = list(dict.fromkeys([*agreement["first"], *agreement["second"]]))
    matrix = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for first, second, rho in zip(
        agreement["first"], agreement["second"], agreement["rho"], strict=True
    ):
        i, j = names.index(first), names.index(second)
        matrix[i, j] = matrix[j, i] = rho
    side = 0.42 * len(names)
    figure = Figure(figsize=(side + 2.6, side + 1.8), layout="constrained")
    panel = figure.subplots()
    image = heat_map(panel, matrix, names, names, colours="RdBu_r", limits=(-1, 1))
    panel.tick_params(axis="x", labelrotation=90)
    figure.colorbar(image, ax=panel, shrink=0.6, label="Spearman's rho")
    alt = f"Heat map of Spearman's rank correlation between {', '.join(names)}."
    caption = (
        "Spearman's rank correlation over all runs with posterior means. Of reconstruction error, "
        "KL and total correlation less is better, so that a negative number there can be agreement."
    )
    return Picture("agreement", "Which measures agree", caption, alt, figure)


def superiority_picture(
    comparisons: pd.DataFrame, settings: Sequence[str], protocol: str
) -> Picture:
    """How likely a run of one setting beats one of another by a protocol, as a heat map.

    `comparisons` are those of this protocol. A pair whose interval includes one half, which the
    runs do not tell apart, has its number in brackets.
    """
    matrix = np.full((len(settings), len(settings)), np.nan)
    open_pairs = np.zeros(matrix.shape, dtype=bool)
    places = {setting: place for place, setting in enumerate(settings)}
    for pair in comparisons.to_dict("records"):
        i, j = places[pair["first"]], places[pair["second"]]
        matrix[i, j], matrix[j, i] = pair["probability"], 1 - pair["probability"]
        open_pairs[i, j] = open_pairs[j, i] = not (pair["low"] > EVEN or pair["high"] < EVEN)
    side = 0.55 * len(settings)
    figure = Figure(figsize=(side + 2.8, side + 1.4), layout="constrained")
    panel = figure.subplots()
    names = [spoken(setting) for setting in settings]
    image = heat_map(panel, matrix, names, names, colours="RdBu_r", limits=(0, 1), doubt=open_pairs)
    panel.tick_params(axis="x", labelrotation=90 if len(settings) > MOST_UPRIGHT else 0)
    figure.colorbar(image, ax=panel, shrink=0.8, label="P(row beats column)")
    caption = (
        f"The probability that a run of the row's setting beats one of the column's by {protocol}; "
        "in brackets where its 95 % interval includes one half, so that either may be better."
    )
    alt = "; ".join(
        f"{spoken(p['first'])} beats {spoken(p['second'])} with {p['probability']:.2f}"
        for p in comparisons.to_dict("records")
    )
    return Picture("superiority", f"Which setting beats which by {protocol}", caption, alt, figure)


def heat_map(
    panel: Axes,
    matrix: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    colours: str,
    limits: tuple[float, float],
    doubt: NDArray[np.bool_] | None = None,
) -> AxesImage:
    """A matrix as coloured cells, each with its number; a dash where there is none.

    Numbers that are in doubt stand in brackets.
    """
    image = panel.imshow(matrix, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto")
    panel.set_xticks(range(len(columns)), columns)
    panel.set_yticks(range(len(rows)), rows)
    panel.grid(visible=False)
    panel.tick_params(length=0)
    panel.set_frame_on(False)
    for (i, j), value in np.ndenumerate(matrix):
        text = "\u2013" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}"  # no -0.00
        if doubt is not None and doubt[i, j]:
            text = f"({text})"
        # Not the colours of text: a cell looks the same in the dark scheme.
        colour = INK if np.isnan(value) else _standing_out(image.cmap(image.norm(value)))
        panel.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
    return image


def _standing_out(colour: ArrayLike) -> str:
    """White or black, whichever has a contrast of 4.5 to 1 or more to a colour (WCAG 2.2)."""
    share = np.asarray(colour)[:3]
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - sRGB
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def _alt(variance: pd.DataFrame, parts: Sequence[str]) -> str:
    rows = (
        f"{row['protocol']}: " + ", ".join(f"{name} {100 * row[name]:.0f} %" for name in parts)
        for row in variance.iloc[::-1].fillna(0).to_dict("records")
    )
    return f"Stacked bars of variance shares. {'; '.join(rows)}."
