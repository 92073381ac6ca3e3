"""Figures made of images: what the runs reconstruct, how they vary, what their prior holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from disbench.run_folder import Pictures, RunFolder
    from disbench.runs import Run

GAP = 2  # pixels between images
PIXELS_PER_INCH = 110

Shown = tuple["Run", "Pictures"]


def image_figures(folders: Sequence[RunFolder]) -> Iterator[tuple[str, Figure]]:
    """Reconstructions, traversals and prior samples of one run a setting: that of lowest seed."""
    shown = _shown(folders)
    if shown:
        yield "reconstructions", reconstruction_figure(shown)
        yield "traversals", traversal_figure(shown)
        yield "prior_samples", sample_figure(shown)


def reconstruction_figure(shown: Sequence[Shown]) -> Figure:
    """A row of originals, then a row of reconstructions for each run."""
    rows = [shown[0][1].originals, *(pictures.reconstructions for _, pictures in shown)]
    return _rows_figure(rows, ["original", *(run.label for run, _ in shown)])


def sample_figure(shown: Sequence[Shown]) -> Figure:
    """A row of decoded standard normal codes for each run, the same codes for all."""
    rows = [pictures.samples for _, pictures in shown]
    return _rows_figure(rows, [run.label for run, _ in shown])


def traversal_figure(shown: Sequence[Shown]) -> Figure:
    """A block for each run: one image's code, and in row d its dimension d moved."""
    blocks = [montage(pictures.traversals) for _, pictures in shown]
    figure = Figure(figsize=_size(np.concatenate(blocks, axis=1)), layout="constrained")
    panels = figure.subplots(1, len(blocks), squeeze=False)[0]
    for panel, block, (run, _) in zip(panels, blocks, shown, strict=True):
        _show(panel, block)
        panel.set_title(run.label)
        n_rows = len(block) // (64 + GAP)
        panel.set_yticks((np.arange(n_rows) + 0.5) * (64 + GAP), [f"z{d}" for d in range(n_rows)])
    return figure


def montage(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(rows, columns, 64, 64) images as one image, with a grey gap right of and below each."""
    n_rows, n_columns, height, width = images.shape
    canvas = np.full((n_rows, height + GAP, n_columns, width + GAP), 128, np.uint8)
    canvas[:, :height, :, :width] = images.transpose(0, 2, 1, 3)
    return canvas.reshape(n_rows * (height + GAP), n_columns * (width + GAP))


def _shown(folders: Sequence[RunFolder]) -> list[Shown]:
    first: dict[str, tuple[Run, RunFolder]] = {}
    for folder in folders:
        training = folder.training()
        if training is None or folder.evaluation() is None:
            continue
        run = training.run
        if run.setting not in first or run.seed < first[run.setting][0].seed:
            first[run.setting] = (run, folder)
    ordered = sorted(first.values(), key=lambda pair: (pair[0].objective, pair[0].beta or 0))
    return [(run, folder.pictures()) for run, folder in ordered]


def _rows_figure(rows: Sequence[NDArray[np.uint8]], labels: Sequence[str]) -> Figure:
    image = montage(np.stack(rows))
    width, height = _size(image)
    figure = Figure(figsize=(width + 1.6, height), layout="constrained")
    panel = figure.subplots()
    _show(panel, image)
    panel.set_yticks((np.arange(len(rows)) + 0.5) * (64 + GAP), labels)
    return figure


def _size(image: NDArray[np.uint8]) -> tuple[float, float]:
    height, width = image.shape
    return width / PIXELS_PER_INCH, height / PIXELS_PER_INCH + 0.3


def _show(panel: Axes, image: NDArray[np.uint8]) -> None:
    panel.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    panel.grid(visible=False)
    panel.set_xticks([])
    panel.tick_params(length=0)
    panel.set_frame_on(False)
