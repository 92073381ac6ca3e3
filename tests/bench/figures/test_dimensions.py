"""What dimensions cost by rank, and what they tell in the order of what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from disbench.evidence import Evidence, gather
from disbench.figures.dimensions import information_picture, kl_picture
from disbench.figures.style import MARKERS, SERIES
from disbench.information import Information
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

SCORES = {"mig/exact": 0.25}
FACTORS = ("shape", "scale")


@pytest.fixture
def costly(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> Evidence:
    """An autoencoder, a beta of two seeds whose dimensions are costly in other orders, and one."""
    store = Store(tmp_path)
    write_run(store, make_run(objective="ae", hyperparameters={}), SCORES)
    write_run(store, make_run(), SCORES, kl=(0.5, 2.0, 1.0))
    write_run(store, make_run(seed=1), SCORES, kl=(4.0, 0.0, 0.5))
    write_run(store, make_run(hyperparameters={"beta": 16.0}), SCORES, kl=(0.25, 0.125, 0.5))
    return gather({"here": store})


def _matrix(panel: Axes) -> list[list[float]]:
    shown: list[list[float]] = panel.images[0].get_array().tolist()
    return shown


def _rows(panel: Axes) -> list[str]:
    return [label.get_text() for label in panel.get_yticklabels()]


def test_line_is_the_mean_of_the_dimensions_of_a_rank(costly: Evidence) -> None:
    [panel] = kl_picture(costly).figure.axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in panel.lines}
    assert lines == {
        "beta 4": [[1, 3], [2, 0.75], [3, 0.25]],
        "beta 16": [[1, 0.5], [2, 0.25], [3, 0.125]],
    }
    assert panel.get_xticks().tolist() == [1, 2, 3]


def test_every_dimension_of_a_run_is_a_dot_at_its_rank(costly: Evidence) -> None:
    [panel] = kl_picture(costly).figure.axes
    dots = [c.get_offsets().tolist() for c in panel.collections if isinstance(c, PathCollection)]
    assert sorted(dots[0]) == [[1, 2], [1, 4], [2, 0.5], [2, 1], [3, 0], [3, 0.5]]
    assert sorted(dots[1]) == [[1, 0.5], [2, 0.25], [3, 0.125]]


def test_setting_has_the_colour_that_it_has_in_other_figures(costly: Evidence) -> None:
    """The autoencoder, which has no line here, is the first there."""
    [panel] = kl_picture(costly).figure.axes
    looks = [(line.get_color(), line.get_marker()) for line in panel.lines]
    assert looks == [(SERIES[1], MARKERS[1]), (SERIES[2], MARKERS[2])]


def test_words_say_the_mean_totals(costly: Evidence) -> None:
    """Of 3.5 and 4.5 the mean is 4."""
    assert kl_picture(costly).alt == (
        "KL in nats per image by dimension, descending. Mean totals: beta 4 4.0, beta 16 0.9."
    )


def test_same_run_of_two_directories_is_two_lines(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    stores = {name: Store(tmp_path / name) for name in ("new", "old")}
    for store, most in zip(stores.values(), (1.0, 3.0), strict=True):
        write_run(store, make_run(), SCORES, kl=(most, 0.0, 0.0))
    picture = kl_picture(gather(stores))
    lines = [line.get_ydata().tolist() for line in picture.figure.axes[0].lines]
    assert lines == [[1, 0, 0], [3, 0, 0]]
    assert picture.alt.endswith("new: beta 4 1.0, old: beta 4 3.0.")


def test_runs_of_more_dimensions_have_more_ranks(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    stores = {name: Store(tmp_path / name) for name in ("new", "old")}
    write_run(stores["new"], make_run(latents=2), SCORES, kl=(1.0, 0.5))
    write_run(stores["old"], make_run(latents=4), SCORES, kl=(0.0, 2.0, 1.0, 0.5))
    [panel] = kl_picture(gather(stores)).figure.axes
    assert [line.get_xdata().tolist() for line in panel.lines] == [[1, 2], [1, 2, 3, 4]]
    assert panel.get_xticks().tolist() == [1, 2, 3, 4]


def test_matrix_has_the_most_costly_dimension_first() -> None:
    shares = np.array([[0.0, 0.25], [0.5, 0.0], [0.125, 0.0]])
    with_kl = Information(shares, FACTORS, (0.5, 0.0, 2.0))
    without = Information(shares, FACTORS, None)
    picture = information_picture([("best: x", with_kl), ("worst: y", without)])
    best, worst, bar = picture.figure.axes
    assert (best.get_title(), worst.get_title()) == ("best: x", "worst: y")
    assert _rows(best) == ["z2", "z0", "z1"]
    assert _matrix(best) == [[0.125, 0], [0, 0.25], [0.5, 0]]
    assert _rows(worst) == ["z1", "z0", "z2"]
    assert _matrix(worst) == [[0.5, 0], [0, 0.25], [0.125, 0]]
    assert [label.get_text() for label in best.get_xticklabels()] == list(FACTORS)
    assert bar.get_ylabel() == "share of the factor's entropy"
    assert picture.alt == (
        "best: x: shape z1 0.50, scale z0 0.25; worst: y: shape z1 0.50, scale z0 0.25"
    )


@pytest.mark.parametrize(("highest", "top"), [(0.81, 0.9), (0.3, 0.4), (0.0, 0.1)])
def test_matrices_share_a_scale_to_above_the_highest(highest: float, top: float) -> None:
    low = Information(np.zeros((2, 2)), FACTORS, None)
    high = Information(np.array([[0.0, highest], [0.0, 0.0]]), FACTORS, None)
    *panels, _ = information_picture([("one", low), ("two", high)]).figure.axes
    for panel in panels:
        assert panel.images[0].get_clim() == pytest.approx((0, top))


def test_matrices_may_have_other_numbers_of_dimensions() -> None:
    runs = [(f"{n}", Information(np.zeros((n, 2)), FACTORS, None)) for n in (2, 5)]
    *panels, _ = information_picture(runs).figure.axes
    assert [len(_rows(panel)) for panel in panels] == [2, 5]
