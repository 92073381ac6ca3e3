"""What the runs of a study cost on this machine, scoring included."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from disbench.cells import asked
from disbench.data import open_images, outline
from disbench.encoders import encoder_of
from disbench.encoding import Codes
from disbench.estimate import measure_speeds
from disbench.models.baselines import BASELINES
from disbench.pixel_codes import PixelCodes
from disbench.reproductions.slicing import Costs
from disbench.scoring import score_codes

if TYPE_CHECKING:
    from disbench.cells import Cell
    from disbench.datasets.grid import Grid
    from disbench.plan import Plan


def measure_costs(plan: Plan, *, cohort: int = 1, jobs: int = 1) -> Costs:
    """Time a few steps of each objective, and the scoring of one run's worth of codes.

    A cohort is trained by one process, and scored by `jobs` of them.

    The codes are noise, of which scoring takes as long; but raw pixels are scored, and linear maps
    fitted, since these take long.
    """
    first: dict[str, Cell] = {}
    for cell in plan.cells:
        first.setdefault(cell.run.objective, cell)
    images = outline(plan.study.data)
    grid = images.grid(plan.study.evaluation.grid)
    runs = [cell.run for cell in plan.cells]
    speeds = measure_speeds(runs, images, device=plan.device, cohort=cohort)
    narrow = next((cell for cell in first.values() if not cell.run.is_wide), None)
    scorers = 1 if cohort == 1 else jobs
    scoring = {
        is_wide: _scoring(cell, grid) / scorers
        for is_wide, cell in ((False, narrow), (True, first.get("pixels")))
    }
    beside = {
        name: speeds.evaluation(cell.run, grid.n) + scoring[cell.run.is_wide] + _fitting(cell, grid)
        for name, cell in first.items()
    }
    return Costs(speeds.step, beside)


def _fitting(cell: Cell, grid: Grid) -> float:
    """Seconds to fit a linear map, and to map the images of the grid by it."""
    if not cell.run.is_baseline or BASELINES[cell.run.objective].kind != "linear":
        return 0.0
    images = open_images(cell.data)
    import_module("disbench.models.linear")  # with scikit-learn, once a process
    started = time.perf_counter()
    encoder_of(cell.run).fitted(cell.run, images, device=cell.device).encode(
        images, grid, device=cell.device
    )
    return time.perf_counter() - started


def _scoring(cell: Cell | None, grid: Grid) -> float:
    """Seconds to score the codes of such a cell."""
    if cell is None:
        return 0.0
    codes = _pixels(cell, grid) if cell.run.is_wide else _noise(cell, grid)
    if not cell.run.is_wide:  # the first time also finds ceilings, which are kept
        score_codes(codes, asked(cell), identity="warm-up")
    started = time.perf_counter()
    score_codes(codes, asked(cell), identity="cost")
    return time.perf_counter() - started


def _noise(cell: Cell, grid: Grid) -> Codes:
    shape = (grid.n, cell.run.latents)
    mean = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    return Codes(grid, mean, np.zeros_like(mean) if cell.run.is_variational else None)


def _pixels(cell: Cell, grid: Grid) -> Codes:
    pixels: object = PixelCodes(open_images(cell.data), grid.rows())
    return Codes(grid, pixels, None)  # type: ignore[arg-type]
