"""Figures made of images: what the runs reconstruct, how they vary, what their prior holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from disbench.atomic import replacing
from disbench.figures.style import Picture, grid_of_panels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from disbench.evidence import Evidence
    from disbench.finished import FinishedRun
    from disbench.information import Information
    from disbench.kept_pictures import Pictures

GAP = 2  # pixels between images
ORIGINAL = "original"
GREY = 128  # of what is no image
PIXELS_PER_INCH = 110
LABEL_WIDTH = 2.1
"""Inches that the name of a dimension takes beside its row."""
MOST_ABREAST = 4
"""Runs whose traversals stand in a row."""
FRAME_MILLISECONDS = 180

MOST_SHOWN = 12
"""Of more settings than these, as many are shown, evenly spaced."""


@dataclass(frozen=True)
class Shown:
    """A run whose images are looked at, with what its dimensions tell of the factors."""

    label: str
    pictures: Pictures
    information: Information | None

    @property
    def order(self) -> tuple[int, ...]:
        """The dimensions, the one that says most first where that is known."""
        if self.information is None:
            return tuple(range(len(self.pictures.traversals)))
        return self.information.order

    def dimension_labels(self) -> list[str]:
        """What a reader calls each dimension, in that order."""
        if self.information is None:
            return [f"z{dimension}" for dimension in self.order]
        return [self.information.label(dimension) for dimension in self.order]


def shown_runs(evidence: Evidence) -> list[Shown]:
    """One run a setting, that of the lowest seed: not the best, not the worst, just the first."""
    first: dict[str, FinishedRun] = {}
    for run in sorted(evidence.runs, key=lambda run: run.run.seed):
        if run.evaluation is not None:
            first.setdefault(evidence.setting_of(run), run)
    found = [first[setting] for setting in evidence.settings if setting in first]
    if len(found) > MOST_SHOWN:
        found = [found[i] for i in np.linspace(0, len(found) - 1, MOST_SHOWN).round().astype(int)]
    shown = ((run, run.folder.pictures()) for run in found)
    return [
        Shown(evidence.label(run), pictures, run.information)
        for run, pictures in shown
        if pictures is not None
    ]


def image_pictures(shown: Sequence[Shown]) -> Iterator[Picture]:
    """Reconstructions, traversals and prior samples of these runs."""
    labels = [one.label for one in shown]
    among = ", ".join(labels)
    if shown:
        alt = f"A row of original images, then a row of reconstructions each of {among}."
        figure = _rows_figure(*zip(*below_originals(shown), strict=True))
        yield Picture("reconstructions", "Reconstructions", "", alt, figure)
        alt = (
            f"Decoded images while one dimension of a code is moved, a row a dimension, of {among}."
        )
        yield Picture("traversals", "Latent traversals", "", alt, traversal_figure(shown))
        alt = f"Decoded standard normal codes, the same for all, of {among}."
        figure = _rows_figure(labels, [one.pictures.samples for one in shown])
        yield Picture("prior_samples", "Samples from the prior", "", alt, figure)


def traversal_figure(shown: Sequence[Shown]) -> Figure:
    """A block for each run: one image's code, and in each row one of its dimensions moved."""
    blocks = [montage(traversals(one)) for one in shown]
    widths, heights = zip(*map(_size, blocks), strict=True)
    n_columns = min(len(blocks), MOST_ABREAST)
    n_rows = -(-len(blocks) // n_columns)
    size = (n_columns * (max(widths) + LABEL_WIDTH), n_rows * max(heights))
    # Images keep their proportions, which the layout does not count with: labels need some room.
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.2))
    panels = grid_of_panels(figure, len(blocks), most_columns=n_columns)
    for panel, block, one in zip(panels, blocks, shown, strict=True):
        _show(panel, block)
        panel.set_title(one.label)
        panel.set_anchor("N")
        _label_rows(panel, one.dimension_labels())
    return figure


def write_animation(shown: Sequence[Shown], path: Path) -> None:
    """Write the traversals of these runs side by side as a GIF that goes there and back."""
    sheets = [traversals(one) for one in shown]  # (dimensions, places, 64, 64[, 3]) each
    there = [
        _side_by_side([montage(sheet[:, place : place + 1]) for sheet in sheets])
        for place in range(sheets[0].shape[1])
    ]
    first, *others = [Image.fromarray(frame) for frame in [*there, *there[-2:0:-1]]]
    with replacing(path) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=FRAME_MILLISECONDS,
            loop=0,
        )


def below_originals(shown: Sequence[Shown]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Rows of reconstructions with their labels, below the originals that they are of.

    Runs of one grid have the same originals, which stand there once.
    """
    originals = None
    for one in shown:
        if originals is None or not np.array_equal(originals, one.pictures.originals):
            originals = one.pictures.originals
            yield ORIGINAL, originals
        yield one.label, one.pictures.reconstructions


def traversals(shown: Shown) -> NDArray[np.uint8]:
    """The traversals of a run, (dimensions, places, 64, 64[, 3]), most telling dimension first."""
    return shown.pictures.traversals[list(shown.order)]


def montage(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(rows, columns, 64, 64[, 3]) images as one, with a grey gap right of and below each."""
    n_rows, n_columns, height, width, *channels = images.shape
    canvas = np.full((n_rows, height + GAP, n_columns, width + GAP, *channels), GREY, np.uint8)
    canvas[:, :height, :, :width] = images.swapaxes(1, 2)
    return canvas.reshape(n_rows * (height + GAP), n_columns * (width + GAP), *channels)


def _side_by_side(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Images as one, grey below those that are less high: runs may differ in their latents."""
    height = max(len(image) for image in images)
    filled = []
    for image in _in_colour_if_any(images):
        below = np.full((height - len(image), *image.shape[1:]), GREY, np.uint8)
        filled.append(np.concatenate([image, below]))
    return np.hstack(filled)


def _in_colour_if_any(images: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """Images, each (..., width) or (..., width, 3), all in colour unless all are grey."""
    colours = [image.shape[-1] == 3 for image in images]  # noqa: PLR2004 - red, green and blue
    if not any(colours):
        return list(images)
    pairs = zip(images, colours, strict=True)
    return [image if colour else np.stack([image] * 3, axis=-1) for image, colour in pairs]


def _rows_figure(labels: Sequence[str], rows: Sequence[NDArray[np.uint8]]) -> Figure:
    image = montage(np.stack(_in_colour_if_any(rows)))
    width, height = _size(image)
    figure = Figure(figsize=(width + 1.6, height), layout="constrained")
    panel = figure.subplots()
    _show(panel, image)
    _label_rows(panel, labels)
    return figure


def _label_rows(panel: Axes, labels: Sequence[str]) -> None:
    panel.set_yticks((np.arange(len(labels)) + 0.5) * (64 + GAP), labels)


def _size(image: NDArray[np.uint8]) -> tuple[float, float]:
    height, width, *_ = image.shape
    return width / PIXELS_PER_INCH, height / PIXELS_PER_INCH + 0.3


def _show(panel: Axes, image: NDArray[np.uint8]) -> None:
    panel.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    panel.grid(visible=False)
    panel.set_xticks([])
    panel.tick_params(length=0)
    panel.set_frame_on(False)
