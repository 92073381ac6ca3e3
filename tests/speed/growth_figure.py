"""How costs grow, as a figure: a column for what grows, time above memory, logarithmic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from disbench.figures.style import STYLE, markers, palette

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from growth_records import Curve, Growth
    from matplotlib.axes import Axes

INCHES = (10.0, 5.6)
DPI = 100
TITLES = ("CPU seconds", "MB beyond an idle process")
TITLES_OF_WORKERS = ("seconds by the clock", "MB of all processes")


def draw(growth: Growth, path: Path) -> None:
    """Write the figure as a PNG."""
    axes = list(dict.fromkeys(curve.axis for curve in growth.curves))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        for panels, axis in zip(figure.subplots(2, len(axes)).T, axes, strict=True):
            _draw_column(panels, [curve for curve in growth.curves if curve.axis == axis])
        figure.savefig(path, dpi=DPI, facecolor="white")


def _draw_column(panels: Sequence[Axes], curves: Sequence[Curve]) -> None:
    above, below = panels
    names = [curve.name for curve in curves]
    colours, marks = palette(names), markers(names)
    for curve in curves:
        sizes = [point.size for point in curve.points]
        look = {"color": colours[curve.name], "marker": marks[curve.name], "markersize": 4}
        seconds = [point.seconds for point in curve.points]
        above.plot(sizes, seconds, label=_label(curve.name, curve.exponent_of_seconds), **look)
        memory = [point.peak_bytes / 1e6 for point in curve.points]
        below.plot(sizes, memory, label=_label(curve.name, curve.exponent_of_memory), **look)
    _finish(panels, curves[0])


def _reach(panel: Axes) -> tuple[float, float]:
    """Limits of whole powers of ten around the lines, with room for the legend above them."""
    values = np.concatenate([line.get_ydata() for line in panel.lines])
    low, high = np.floor(np.log10(values.min())), np.ceil(np.log10(values.max()))
    return 10.0**low, 10.0 ** (high + 0.6 * (high - low))


def _label(name: str, exponent: float | None) -> str:
    return name if exponent is None else f"{name}\nexponent {round(exponent, 2) + 0.0:.2f}"


def _finish(panels: Sequence[Axes], curve: Curve) -> None:
    """Scales, ticks at the sizes, and what the axes are."""
    sizes = [point.size for point in curve.points]
    titles = TITLES_OF_WORKERS if curve.axis == "workers" else TITLES
    for panel, title in zip(panels, titles, strict=True):
        panel.set(xscale="log", yscale="log", title=title)
        panel.set_xticks(
            sizes, [f"{size:,}" for size in sizes], rotation=40, ha="right", rotation_mode="anchor"
        )
        panel.minorticks_off()
        panel.yaxis.set_major_formatter("{x:g}")
        panel.set_ylim(*_reach(panel))
        panel.legend(loc="upper left", handlelength=1, borderaxespad=0)
    panels[-1].set_xlabel(curve.axis)
