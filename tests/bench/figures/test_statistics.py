"""Bars of variance that add up, and heat maps with the numbers that they show."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.figure import Figure

from disbench.columns import frame_of
from disbench.figures.statistics import (
    agreement_picture,
    heat_map,
    superiority_picture,
    variance_picture,
)
from disbench.figures.style import INK, SERIES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SHARES = ["source", "objective", "hyperparameters", "seed", "evaluation"]


def _variance(rows: dict[str, list[float]]) -> pd.DataFrame:
    records = [
        {"protocol": name, "representation": "mean", "n_runs": 4, "n_settings": 2}
        | dict(zip(SHARES, shares, strict=True))
        for name, shares in rows.items()
    ]
    return frame_of("variance", records)


def _agreement(*rows: tuple[str, str, float]) -> pd.DataFrame:
    records = [
        {"representation": "mean", "first": first, "second": second, "n": 5, "rho": rho, "p": 0.5}
        for first, second, rho in rows
    ]
    return frame_of("agreement", records)


def _bars(panel: Axes) -> dict[str, list[tuple[float, float]]]:
    """Where the bars of each part begin and how wide they are, the lowest first."""
    return {
        bars.get_label(): [(round(b.get_x(), 6), round(b.get_width(), 6)) for b in bars]
        for bars in panel.containers
    }


def _drawn(matrix: list[list[float]]) -> Axes:
    panel = Figure().subplots()
    rows, columns = np.shape(matrix)
    names = ["a", "b", "c"]
    heat_map(
        panel,
        np.array(matrix),
        names[:rows],
        names[:columns],
        colours="cividis",
        limits=(0, 1),
    )
    return panel


def test_parts_follow_each_other_and_add_up_to_100() -> None:
    variance = _variance({"one": [0, 0.25, 0.5, 0.125, 0.125], "two": [0, 0, 0.25, 0.75, nan]})
    [panel] = variance_picture(variance, chosen="beta").figure.axes
    assert _bars(panel) == {
        "objective": [(0, 0), (0, 25)],
        "beta": [(0, 25), (25, 50)],
        "seed": [(25, 75), (75, 12.5)],
        "evaluation": [(100, 0), (87.5, 12.5)],
    }
    assert [label.get_text() for label in panel.get_yticklabels()] == ["two", "one"]
    assert panel.get_xlim() == (0, 100)


def test_protocols_without_shares_are_left_out() -> None:
    variance = _variance({"one": [nan] * 5, "two": [0, 0, 0.25, 0.75, nan]})
    picture = variance_picture(variance, chosen="beta")
    [panel] = picture.figure.axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["two"]
    assert _bars(panel) == {"beta": [(0, 25)], "seed": [(25, 75)]}
    assert picture.alt == "Stacked bars of variance shares. two: hyperparameters 25 %, seed 75 %."


def test_part_has_its_colour_whatever_others_there_are() -> None:
    few = variance_picture(_variance({"one": [0, 0, 0.25, 0.75, 0]}), chosen="beta")
    many = variance_picture(_variance({"one": [0.25, 0.25, 0.25, 0.125, 0.125]}), chosen="beta")
    assert len(many.figure.axes[0].containers) == 5
    for picture in (few, many):
        bars = {one.get_label(): one[0] for one in picture.figure.axes[0].containers}
        for name, place in (("beta", 2), ("seed", 3)):
            assert bars[name].get_facecolor()[:3] == pytest.approx(_rgb(SERIES[place]))
        assert bars["beta"].get_hatch() != bars["seed"].get_hatch()


def test_words_say_the_shares_from_top_to_bottom() -> None:
    variance = _variance({"one": [0, 0.25, 0.5, 0.25, nan], "two": [0, 0, 0.25, 0.75, nan]})
    assert variance_picture(variance, chosen="beta").alt == (
        "Stacked bars of variance shares. one: objective 25 %, hyperparameters 50 %, seed 25 %; "
        "two: objective 0 %, hyperparameters 25 %, seed 75 %."
    )


def test_agreement_is_symmetric_with_ones_across() -> None:
    agreement = _agreement(("a", "b", 0.5), ("a", "kl", -0.25), ("b", "kl", nan))
    panel, bar = agreement_picture(agreement).figure.axes
    shown = np.ma.filled(panel.images[0].get_array(), nan)
    expected = [[1, 0.5, -0.25], [0.5, 1, nan], [-0.25, nan, 1]]
    np.testing.assert_array_equal(shown, expected)
    assert panel.images[0].get_clim() == (-1, 1)
    assert [label.get_text() for label in panel.get_xticklabels()] == ["a", "b", "kl"]
    assert bar.get_ylabel() == "Spearman's rho"


def test_every_cell_has_its_number() -> None:
    panel = _drawn([[0.5, 0.126, nan], [-0.004, 1.0, 0.0]])
    texts = {text.get_position(): text.get_text() for text in panel.texts}
    assert texts == {
        (0, 0): "0.50",
        (1, 0): "0.13",
        (2, 0): "\u2013",
        (0, 1): "0.00",  # and not -0.00
        (1, 1): "1.00",
        (2, 1): "0.00",
    }
    assert [label.get_text() for label in panel.get_xticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["a", "b"]


def test_number_stands_out_from_its_cell() -> None:
    """Light on the dark end of the colours, dark on the bright end, and as text on no colour."""
    dark, bright, missing = (text.get_color() for text in _drawn([[0, 1, nan]]).texts)
    assert (dark, bright, missing) == ("#ffffff", "#000000", INK)


@pytest.mark.parametrize("colours", ["cividis", "RdBu_r"])
def test_number_has_contrast_to_every_colour_of_a_cell(colours: str) -> None:
    """4.5 to 1, by the relative luminance of WCAG 2.2."""
    panel = Figure().subplots()
    matrix = np.linspace(0, 1, 256)[None]
    image = heat_map(panel, matrix, ["a"], [""] * 256, colours=colours, limits=(0, 1))
    cells = _luminance(image.cmap(image.norm(matrix[0]))[:, :3])
    numbers = _luminance(np.array([_rgb(str(text.get_color())) for text in panel.texts]))
    low, high = np.sort([cells, numbers], axis=0)
    assert ((high + 0.05) / (low + 0.05)).min() > 4.5


def _luminance(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722])


def test_pairs_stand_both_ways_round_and_in_brackets_where_either_may_be_better() -> None:
    columns = ("first", "second", "probability", "low", "high")
    pairs = [("4", "ae", 0.875, 0.625, 1.0), ("4", "16", 0.25, 0.125, 0.75)]
    comparisons = frame_of("comparisons", []).reindex(range(2))
    comparisons[list(columns)] = pairs
    picture = superiority_picture(comparisons, ["ae", "4", "16"], "mig/exact")
    [panel, _] = picture.figure.axes
    numbers = {tuple(map(int, text.get_position())): text.get_text() for text in panel.texts}
    assert [[numbers[column, row] for column in range(3)] for row in range(3)] == [
        ["\u2013", "0.12", "\u2013"],
        ["0.88", "\u2013", "(0.25)"],
        ["\u2013", "(0.75)", "\u2013"],
    ]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["ae", "beta 4", "beta 16"]
    assert picture.alt == "beta 4 beats ae with 0.88; beta 4 beats beta 16 with 0.25"


def _rgb(colour: str) -> list[float]:
    return [part / 255 for part in bytes.fromhex(colour[1:])]
