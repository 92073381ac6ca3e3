"""Images of one run a setting, side by side, and the traversals as an animation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from disbench.evidence import gather
from disbench.figures.images import (
    FRAME_MILLISECONDS,
    GREY,
    Shown,
    image_pictures,
    montage,
    shown_runs,
    traversal_figure,
    traversals,
    write_animation,
)
from disbench.information import Information
from disbench.kept_pictures import Pictures
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

SCORES = {"mig/exact": 0.5}
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}
CELL = 64 + 2
N_PLACES = 9


def _grey(*levels: int) -> NDArray[np.uint8]:
    """An image of each of these levels."""
    return np.array(levels, np.uint8)[:, None, None] * np.ones((64, 64), np.uint8)


def _shown(label: str, information: Information | None = None, *, latents: int = 3) -> Shown:
    """A run whose dimension d at place p decodes to the level 10 d + p."""
    sheet = np.stack([_grey(*range(10 * d, 10 * d + N_PLACES)) for d in range(latents)])
    pictures = Pictures(_grey(1, 2), _grey(3, 4), sheet, _grey(5, 6))
    return Shown(label, pictures, information)


def _levels(image: NDArray[np.uint8]) -> list[list[int]]:
    """The level in the middle of each cell of a montage."""
    levels: list[list[int]] = np.asarray(image)[32::CELL, 32::CELL].tolist()
    return levels


def _image(panel: Axes) -> NDArray[np.uint8]:
    [image] = panel.images
    return np.asarray(image.get_array())


def _rows(panel: Axes) -> list[str]:
    return [label.get_text() for label in panel.get_yticklabels()]


def _figures(shown: Sequence[Shown]) -> dict[str, Figure]:
    return {picture.name: picture.figure for picture in image_pictures(shown)}


@pytest.fixture
def information() -> Information:
    """Dimension 2 costs most; dimension 0 carries nothing."""
    shares = np.array([[0.0, 0.05], [0.0, 0.25], [0.75, 0.5]])
    return Information(shares, ("shape", "scale"), (0.04, 0.5, 1.5))


def test_montage_by_value() -> None:
    images = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1) * np.ones((1, 1, 4, 5), np.uint8)
    canvas = montage(images)
    assert canvas.shape == (2 * (4 + 2), 3 * (5 + 2))
    assert canvas[::6, ::7].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert canvas[3, 4] == 0
    assert (canvas[4:6] == 128).all()
    assert (canvas[:, 5:7] == 128).all()


def test_montage_of_colours_has_the_gaps_of_a_grey_one() -> None:
    images = np.zeros((1, 2, 4, 5, 3), np.uint8)
    images[0, 0], images[0, 1] = (1, 2, 3), (4, 5, 6)
    canvas = montage(images)
    assert canvas.shape == (4 + 2, 2 * (5 + 2), 3)
    assert canvas[0, ::7].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert (canvas[4:6] == 128).all()
    assert (canvas[:, 5:7] == 128).all()


def test_grey_and_colour_images_stand_side_by_side(
    information: Information, tmp_path: Path
) -> None:
    """As in a comparison of runs on dSprites and on dSprites in colour."""
    rng = np.random.default_rng(0)
    runs = []
    for latents, channels in ((3, ()), (3, (3,))):
        few = [rng.integers(0, 256, (12, 64, 64, *channels), np.uint8) for _ in range(3)]
        moved = rng.integers(0, 256, (latents, 9, 64, 64, *channels), np.uint8)
        runs.append(Shown("run", Pictures(few[0], few[1], moved, few[2]), information))
    canvas = _image(_figures(runs)["reconstructions"].axes[0])
    assert canvas.shape == (4 * CELL, 12 * CELL, 3)
    grey = np.stack([runs[0].pictures.originals[0]] * 3, axis=-1)
    assert np.array_equal(canvas[:64, :64], grey)
    assert np.array_equal(canvas[2 * CELL :][:64, :64], runs[1].pictures.originals[0])
    write_animation(runs, tmp_path / "traversals.gif")
    with Image.open(tmp_path / "traversals.gif") as animation:
        assert animation.size == (2 * CELL, 3 * CELL)


def test_run_of_the_lowest_seed_is_shown_for_each_setting(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """The lowest as a number: by name 10 comes before 9."""
    store = Store(tmp_path)
    for run in (make_run(seed=10), make_run(seed=9), make_run(**AE)):
        write_run(store, run, SCORES)
    shown = shown_runs(gather({"here": store}))
    assert [one.label for one in shown] == ["ae, seed 0", "beta 4, seed 9"]
    for one, run in zip(shown, (make_run(**AE), make_run(seed=9)), strict=True):
        assert np.array_equal(one.pictures.samples, store.folder(run).pictures().samples)


def test_run_that_was_not_scored_is_passed_over(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run())
    write_run(Store(tmp_path), make_run(seed=1), SCORES)
    write_run(Store(tmp_path), make_run(**AE))
    assert [one.label for one in shown_runs(gather({"here": Store(tmp_path)}))] == [
        "beta 4, seed 1"
    ]


def test_each_directory_has_its_run(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> None:
    stores = {name: Store(tmp_path / name) for name in ("new", "old")}
    for store, seed in zip(stores.values(), (3, 0), strict=True):
        write_run(store, make_run(seed=seed), SCORES)
    labels = [one.label for one in shown_runs(gather(stores))]
    assert labels == ["new: beta 4, seed 3", "old: beta 4, seed 0"]


@pytest.mark.parametrize("n", [12, 14])
def test_of_many_settings_twelve_are_shown_evenly_spaced(
    n: int, tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """The first and the last are among them: of 14 the steps are 13 / 11 settings long."""
    for place in range(n):
        run = make_run(hyperparameters={"beta": 2.0 + place})
        write_run(Store(tmp_path), run, SCORES)
    labels = [one.label for one in shown_runs(gather({"here": Store(tmp_path)}))]
    places = range(12) if n == 12 else [0, 1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13]
    assert labels == [f"beta {2 + place}, seed 0" for place in places]


def test_nothing_is_shown_of_nothing(tmp_path: Path) -> None:
    assert shown_runs(gather({"here": Store(tmp_path)})) == []
    assert _figures([]) == {}


def test_reconstructions_stand_below_their_originals() -> None:
    [panel] = _figures([_shown("one"), _shown("two")])["reconstructions"].axes
    assert _levels(_image(panel)) == [[1, 2], [3, 4], [3, 4]]
    assert _rows(panel) == ["original", "one", "two"]
    assert panel.get_yticks().tolist() == [33, 99, 165]


def test_runs_of_other_originals_stand_below_those() -> None:
    """Two directories may have other grids, and so other images."""
    one = _shown("one")
    other = Shown("two", one.pictures._replace(originals=_grey(8, 9)), None)
    [panel] = _figures([one, other, other])["reconstructions"].axes
    assert _levels(_image(panel)) == [[1, 2], [3, 4], [8, 9], [3, 4], [3, 4]]
    assert _rows(panel) == ["original", "one", "original", "two", "two"]


def test_samples_have_a_row_a_run() -> None:
    figures = _figures([_shown("one"), _shown("two")])
    [panel] = figures["prior_samples"].axes
    assert _levels(_image(panel)) == [[5, 6], [5, 6]]
    assert _rows(panel) == ["one", "two"]
    assert list(figures) == ["reconstructions", "traversals", "prior_samples"]


def test_words_name_the_runs() -> None:
    alts = [picture.alt for picture in image_pictures([_shown("one"), _shown("two")])]
    assert all(alt.endswith(" of one, two.") for alt in alts)


def test_traversals_of_many_runs_stand_in_rows_of_four() -> None:
    of_four, of_nine = (
        traversal_figure([_shown(f"run {place}") for place in range(n)]) for n in (4, 9)
    )
    assert [len(figure.axes) for figure in (of_four, of_nine)] == [4, 9]
    width, height = of_four.get_size_inches()
    assert of_nine.get_size_inches().tolist() == pytest.approx([width, 3 * height])


def test_traversals_have_a_row_a_dimension() -> None:
    [panel] = traversal_figure([_shown("ae, seed 0")]).axes
    assert panel.get_title() == "ae, seed 0"
    assert _rows(panel) == ["z0", "z1", "z2"]
    assert _levels(_image(panel)) == [[10 * d + p for p in range(N_PLACES)] for d in range(3)]


def test_traversals_have_the_most_costly_dimension_first(information: Information) -> None:
    known, unknown = traversal_figure([_shown("one", information), _shown("two")]).axes
    assert [row[0] for row in _levels(_image(known))] == [20, 10, 0]
    assert _rows(known) == [
        "z2 \u00b7 shape 0.75 \u00b7 1.5 nats",
        "z1 \u00b7 scale 0.25 \u00b7 0.5 nats",
        "z0 \u00b7 0.0 nats",
    ]
    assert [row[0] for row in _levels(_image(unknown))] == [0, 10, 20]
    sheet = traversals(_shown("one", information))
    assert sheet[:, :, 0, 0].tolist() == [[10 * d + p for p in range(N_PLACES)] for d in (2, 1, 0)]


def test_animation_goes_there_and_back(tmp_path: Path, information: Information) -> None:
    """Nine places there, and back by the seven between: it begins anew where it began."""
    shown = [_shown("one", information), _shown("two")]
    write_animation(shown, tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.size) == (16, (2 * CELL, 3 * CELL))
        assert gif.info["loop"] == 0
        for frame, place in enumerate([*range(9), *range(7, 0, -1)]):
            gif.seek(frame)
            assert gif.info["duration"] == FRAME_MILLISECONDS
            levels = _levels(np.asarray(gif.convert("L")))
            assert levels == [[20 + place, place], [10 + place, 10 + place], [place, 20 + place]]


def test_same_animation_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.gif", "b.gif"):
        write_animation([_shown("one")], tmp_path / name)
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_runs_may_have_other_numbers_of_dimensions(tmp_path: Path) -> None:
    """In the animation there is grey where the lower one has ended."""
    shown = [_shown("low", latents=1), _shown("high", latents=2)]
    low, high = traversal_figure(shown).axes
    assert [_image(panel).shape for panel in (low, high)] == [
        (n * CELL, N_PLACES * CELL) for n in (1, 2)
    ]
    write_animation(shown, tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.size == (2 * CELL, 2 * CELL)
        assert _levels(np.asarray(gif.convert("L"))) == [[0, 0], [GREY, 10]]
