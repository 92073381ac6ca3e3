"""How every figure looks, and how it is written: PNG for slides, SVG for print and page."""

from __future__ import annotations

from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, NamedTuple

import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg

from disbench.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120

INK, LINE, FLOOR = "#1c1c22", "#c9c9d1", "#9a9aa3"
"""Of text and marks, of grids and frames, of the noise floor. The page gives them its own scheme,
so nothing else in a figure has these colours."""

STYLE: Mapping[Any, Any] = {
    **sns.axes_style("whitegrid"),
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "patch.edgecolor": "none",
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and edited
    "svg.hashsalt": "disbench",  # the same figure is the same file
    "text.color": INK,
    "text.parse_math": False,  # a dollar in the name of a directory is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
}

FONT = "'DejaVu Sans'"
FONTS = f"{FONT}, Verdana, sans-serif"
"""Text is as wide in Verdana, for readers who lack the font that it was measured in."""

_METADATA = ("Creator", "Date", "Format", "Type")

SERIES: Sequence[str] = sns.color_palette("colorblind").as_hex()
"""Colours that are told apart in colour blindness; the page lightens them in its dark scheme."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "*", "h")


class Picture(NamedTuple):
    """A figure with its name and title, how to read it, and what it shows, in words."""

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure


def palette(names: Sequence[str]) -> dict[str, str]:
    """A colour of `SERIES` for each name; after ten they begin anew."""
    return {name: SERIES[i % len(SERIES)] for i, name in enumerate(names)}


def markers(names: Sequence[str]) -> dict[str, str]:
    """A marker for each name, so that print without colour tells them apart.

    Where colours begin anew, each goes with the next marker.
    """
    rounds = [i // len(SERIES) for i in range(len(names))]
    return {name: MARKERS[(i + rounds[i]) % len(MARKERS)] for i, name in enumerate(names)}


def height_for(names: Sequence[str], least: float) -> float:
    """The height in inches of a figure beside whose panels these names stand in a legend."""
    return max(least, 0.4 + 0.19 * len(names))


def grid_of_panels(figure: Figure, n_panels: int, *, most_columns: int) -> Iterator[Axes]:
    """So many panels, row by row."""
    n_columns = min(n_panels, most_columns)
    axes = figure.subplots(-(-n_panels // n_columns), n_columns, squeeze=False).ravel()
    for unused in axes[n_panels:]:
        unused.remove()
    return iter(axes[:n_panels])


def write_picture(picture: Picture, folder: Path) -> str:
    """Write ``<name>.png`` and ``<name>.svg``, in place of earlier ones, and return the SVG."""
    png = BytesIO()
    FigureCanvasAgg(picture.figure)
    picture.figure.savefig(png, format="png", dpi=DPI, facecolor="white")
    picture.figure.set_layout_engine("none")  # it has its place: that is a third of the time
    svg = StringIO()
    # No date, and no name of the program that drew it: the same figure is the same file.
    picture.figure.savefig(svg, format="svg", metadata=dict.fromkeys(_METADATA))
    text = svg.getvalue().replace(FONT, FONTS)
    with replacing(folder / f"{picture.name}.png") as path:
        path.write_bytes(png.getvalue())
    with replacing(folder / f"{picture.name}.svg") as path:
        path.write_text(text, "utf-8")
    return text
