"""Every figure is drawn from the frames, with the numbers where they belong."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.image import imread

from disbench.figures import (
    draw_figures,
    score_figure,
    tradeoff_figure,
    training_figure,
)
from disbench.image_figures import image_figures, montage, traversal_figure
from disbench.records import LossRecord
from disbench.statistics.summary import summarise
from disbench.store import Store
from disbench.tables import learning_curves, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

ALL = {
    "prior_samples.png",
    "reconstructions.png",
    "score_vs_beta.png",
    "tradeoff.png",
    "training_curves.png",
    "traversals.png",
}
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}


@pytest.fixture
def store(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> Store:
    """An autoencoder and two betas of two seeds each, scored by two protocols."""
    store = Store(tmp_path / "results")
    settings = [AE, {"hyperparameters": {"beta": 16.0}}, {"hyperparameters": {"beta": 1.0}}]
    for place, setting in enumerate(settings):
        for seed in (0, 1):
            scores = {"mig/exact": 0.1 + 0.2 * place + 0.01 * seed, "irs/suter2019": 0.5}
            losses = [LossRecord(step, 90.0, 80.0 - step, 3.0 + seed) for step in (2, 4)]
            if setting is AE:
                losses = [record._replace(kl=nan) for record in losses]
            write_run(store, make_run(seed=seed, **setting), scores, losses=losses)
    return store


def _drawn(store: Store) -> dict[str, float]:
    """The names of the figures of a store, and how much their pixels vary."""
    folder = store.directory / "figures"
    draw_figures(store, tabulate(store), folder)
    return {path.name: float(imread(path)[..., :3].std()) for path in folder.iterdir()}


def _panel(figure: Figure, protocol: str) -> Axes:
    [panel] = [p for p in figure.axes if protocol in p.get_title()]
    return panel


def _dots(panel: Axes) -> NDArray[np.float64]:
    dots = (c.get_offsets() for c in panel.collections if isinstance(c, PathCollection))
    return np.concatenate([offsets for offsets in dots if len(offsets)])


def test_every_figure_is_drawn(store: Store) -> None:
    drawn = _drawn(store)
    assert drawn.keys() == ALL
    assert all(spread > 0.05 for spread in drawn.values())


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert _drawn(Store(tmp_path)) == {}


def test_autoencoders_alone_can_be_drawn(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    losses = [LossRecord(2, 9.0, 9.0, nan), LossRecord(4, 8.0, 8.0, nan)]
    write_run(Store(tmp_path), make_run(**AE), {"mig/exact": 0.5}, losses=losses)
    assert _drawn(Store(tmp_path)).keys() == ALL


def test_runs_that_all_diverged_can_be_drawn(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    lost = LossRecord(50, nan, nan, nan)
    write_run(Store(tmp_path), make_run(), status="diverged", losses=[lost])
    assert _drawn(Store(tmp_path)).keys() == {"training_curves.png"}


def test_figures_take_the_place_of_earlier_ones(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run())
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "training_curves.png").write_bytes(b"old")
    assert _drawn(Store(tmp_path))["training_curves.png"] > 0.05


def test_score_that_is_missing_can_be_drawn(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run(), {"mig/exact": nan})
    write_run(Store(tmp_path), make_run(seed=1), {"mig/exact": nan})
    assert _drawn(Store(tmp_path)).keys() == ALL


def test_every_seed_is_a_dot_at_its_setting(store: Store) -> None:
    tables = tabulate(store)
    panel = _panel(score_figure(tables.scores, tables.summary), "mig/exact")
    dots = _dots(panel)
    assert [label.get_text() for label in panel.get_xticklabels()] == ["ae", "1 (VAE)", "16"]
    by_place = sorted((round(float(x)), round(float(y), 6)) for x, y in dots)
    assert by_place == [(0, 0.1), (0, 0.11), (1, 0.5), (1, 0.51), (2, 0.3), (2, 0.31)]


def test_means_stand_over_their_dots(store: Store) -> None:
    tables = tabulate(store)
    panel = _panel(score_figure(tables.scores, tables.summary), "mig/exact")
    [(means, _, _)] = panel.containers
    places, values = means.get_data()
    assert dict(zip(places, values, strict=True)) == pytest.approx({0: 0.105, 1: 0.505, 2: 0.305})


def test_settings_of_a_panel_have_the_names_of_the_figure(store: Store) -> None:
    """A protocol that has scores of one model only is drawn with the others' names in mind."""
    tables = tabulate(store)
    tcvae = tables.scores[tables.scores["beta"].eq(16)].assign(model="tcvae", protocol="only")
    scores = pd.concat([tables.scores, tcvae], ignore_index=True)
    panel = _panel(score_figure(scores, summarise(scores)), "only")
    labels = [label.get_text() for label in panel.get_xticklabels()]
    assert labels == ["ae", "beta_vae 1", "beta_vae 16", "tcvae 16"]
    assert {round(float(x)) for x, _ in _dots(panel)} == {3}


def test_tradeoff_shows_reconstruction_against_score(store: Store) -> None:
    tables = tabulate(store)
    panel = _panel(tradeoff_figure(tables.runs, tables.scores), "mig/exact")
    dots = _dots(panel)
    assert sorted(dots[:, 1].tolist()) == pytest.approx([0.1, 0.11, 0.3, 0.31, 0.5, 0.51])
    assert set(dots[:, 0].tolist()) == {100.5}


def test_every_run_is_a_curve(store: Store) -> None:
    reconstruction, kl = training_figure(learning_curves(store.finished(), source="here")).axes
    curves = [line.get_xydata().tolist() for line in reconstruction.lines if len(line.get_xdata())]
    assert curves == [[[2, 78], [4, 76]]] * 6
    heights = sorted(line.get_ydata()[0] for line in kl.lines if len(line.get_ydata()))
    assert heights == [3, 3, 4, 4]


def test_montage_by_value() -> None:
    images = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1) * np.ones((1, 1, 4, 5), np.uint8)
    canvas = montage(images)
    assert canvas.shape == (2 * (4 + 2), 3 * (5 + 2))
    assert canvas[::6, ::7].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert canvas[3, 4] == 0
    assert (canvas[4:6] == 128).all()
    assert (canvas[:, 5:7] == 128).all()


def test_run_of_the_lowest_seed_is_shown_for_each_setting(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """The lowest as a number: by name 10 comes before 9."""
    store = Store(tmp_path)
    for run in (make_run(seed=10), make_run(seed=9), make_run(**AE)):
        write_run(store, run, {"mig/exact": 0.5})
    figures = dict(image_figures(list(store.finished())))
    [panel] = figures["reconstructions"].axes
    pictures = [store.folder(run).pictures() for run in (make_run(**AE), make_run(seed=9))]
    rows = [pictures[0].originals, *(shown.reconstructions for shown in pictures)]
    assert np.array_equal(panel.images[0].get_array(), montage(np.stack(rows)))
    assert [label.get_text() for label in panel.get_yticklabels()] == [
        "original",
        "ae, seed 0",
        "beta_vae, beta 4, seed 9",
    ]
    [panel] = figures["prior_samples"].axes
    samples = [shown.samples for shown in pictures]
    assert np.array_equal(panel.images[0].get_array(), montage(np.stack(samples)))


def test_traversals_have_a_row_a_dimension(store: Store, make_run: MakeRun) -> None:
    run = make_run(**AE)
    [panel] = traversal_figure([(run, store.folder(run).pictures())]).axes
    assert panel.get_title() == "ae, seed 0"
    assert [label.get_text() for label in panel.get_yticklabels()] == ["z0", "z1", "z2"]
    assert panel.images[0].get_array().shape == (3 * 66, 9 * 66)
