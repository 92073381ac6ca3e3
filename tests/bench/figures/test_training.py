"""Losses against the step: the mean over the seeds of a setting, and the band between them."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.collections import PolyCollection

from disbench.evidence import Evidence, gather
from disbench.figures.style import SERIES, STYLE, write_picture
from disbench.figures.training import training_picture
from disbench.records import Failure, LossRecord
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]


def _panels(evidence: Evidence) -> list[Axes]:
    return training_picture(evidence).figure.axes


def _lines(panel: Axes) -> dict[str, list[list[float]]]:
    """The points of each line that has some, by its label."""
    drawn = [line for line in panel.lines if len(line.get_xdata())]
    return {line.get_label(): line.get_xydata().tolist() for line in drawn}


def _band(panel: Axes, place: int) -> dict[float, tuple[float, float]]:
    """From where to where the band of a setting reaches, by step."""
    bands = [c for c in panel.collections if isinstance(c, PolyCollection)]
    points = np.concatenate([path.vertices for path in bands[place].get_paths()])
    at = {x: points[points[:, 0] == x, 1] for x in points[:, 0]}
    return {float(x): (float(y.min()), float(y.max())) for x, y in at.items()}


def test_line_is_the_mean_over_the_seeds(evidence: Evidence) -> None:
    reconstruction, kl, elbo = _panels(evidence)
    variational = ["beta 1 (VAE)", "beta 16"]
    assert _lines(reconstruction) == {name: [[2, 78], [4, 76]] for name in ("ae", *variational)}
    assert _lines(kl) == {name: [[2, 3.5], [4, 3.5]] for name in variational}
    assert _lines(elbo) == {name: [[2, -81.5], [4, -79.5]] for name in variational}
    labels = [panel.get_ylabel() for panel in (reconstruction, kl, elbo)]
    assert labels == [
        "reconstruction error (nats per image)",
        "KL (nats per image)",
        "ELBO (nats per image)",
    ]


def test_band_reaches_from_the_5th_to_the_95th_percentile(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """Of 10, 20 and 50 these are 11 and 47: a tenth of a gap from either end."""
    for seed, loss in enumerate((10.0, 20.0, 50.0)):
        losses = [LossRecord(step, loss, loss, 1.0) for step in (2, 4)]
        write_run(Store(tmp_path), make_run(seed=seed), losses=losses)
    reconstruction, kl, elbo = _panels(gather({"here": Store(tmp_path)}))
    assert _band(reconstruction, 0) == {step: pytest.approx((11, 47)) for step in (2.0, 4.0)}
    assert _band(kl, 0) == dict.fromkeys((2.0, 4.0), (1, 1))
    assert _band(elbo, 0) == {step: pytest.approx((-48, -12)) for step in (2.0, 4.0)}
    assert _lines(reconstruction)["beta 4"][0] == [2, pytest.approx(80 / 3)]


def test_loss_of_a_run_that_diverged_is_left_out_from_there(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    write_run(
        store, make_run(), losses=[LossRecord(2, 9.0, 8.0, 1.0), LossRecord(4, 7.0, 6.0, 1.0)]
    )
    lost = [LossRecord(2, 9.0, 4.0, 1.0), LossRecord(4, nan, nan, nan)]
    write_run(store, make_run(seed=1), status="diverged", losses=lost)
    reconstruction, _, _ = _panels(gather({"here": store}))
    assert _lines(reconstruction) == {"beta 4": [[2, 6], [4, 6]]}


def test_runs_that_all_diverged_can_be_drawn(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    lost = LossRecord(50, nan, nan, nan)
    write_run(Store(tmp_path), make_run(), status="diverged", losses=[lost])
    picture = training_picture(gather({"here": Store(tmp_path)}))
    assert "<svg" in write_picture(picture, tmp_path)
    assert [_lines(panel) for panel in picture.figure.axes] == [{}, {}, {}]


def test_autoencoders_alone_can_be_drawn(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    run = make_run(objective="ae", hyperparameters={})
    write_run(Store(tmp_path), run, losses=[LossRecord(s, 9.0, 9.0 - s, nan) for s in (2, 4)])
    picture = training_picture(gather({"here": Store(tmp_path)}))
    assert "<svg" in write_picture(picture, tmp_path)
    assert [_lines(panel) for panel in picture.figure.axes] == [{"ae": [[2, 7], [4, 5]]}, {}, {}]


def test_setting_has_its_colour_and_dash_though_another_has_no_curve(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    write_run(store, make_run(hyperparameters={"beta": 16.0}))
    write_run(store, make_run(objective="ae", hyperparameters={}))
    failed = make_run(hyperparameters={"beta": 2.0})
    store.note_failure(Failure(run=failed, error="ValueError: no", traceback=""))
    panel, *_ = _panels(gather({"here": store}))
    looks = {line.get_label(): (line.get_color(), line.get_linestyle()) for line in panel.lines}
    assert looks["ae"] == (SERIES[0], "-")
    assert looks["beta 16"] == (SERIES[2], "-.")


def test_same_run_of_two_directories_is_two_lines(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    stores = {name: Store(tmp_path / name) for name in ("new", "old")}
    for store, loss in zip(stores.values(), (5.0, 7.0), strict=True):
        write_run(store, make_run(), losses=[LossRecord(4, loss, loss, 1.0)])
    panel, *_ = _panels(gather(stores))
    assert _lines(panel) == {"new: beta 4": [[4, 5]], "old: beta 4": [[4, 7]]}


def test_reconstruction_is_logarithmic_with_numbers_written_out(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """Within one power of ten the numbers between are named; over several only the powers."""
    for name, last in (("few", 60.0), ("many", 6.0)):
        losses = [LossRecord(2, 9.0, 300.0, 1.0), LossRecord(4, 9.0, last, 1.0)]
        write_run(Store(tmp_path / name), make_run(), losses=losses)
    labels = {}
    for name in ("few", "many"):
        picture = training_picture(gather({name: Store(tmp_path / name)}))
        with rc_context(dict(STYLE)):
            write_picture(picture, tmp_path)
        axis = picture.figure.axes[0].yaxis
        assert axis.get_scale() == "log"
        major, minor = axis.get_ticklabels(), axis.get_ticklabels(minor=True)
        labels[name] = [[text.get_text() for text in texts] for texts in (major, minor)]
    assert "100" in labels["few"][0]
    assert "200" in labels["few"][1]
    assert {"10", "100"} <= set(labels["many"][0])
    assert set(labels["many"][1]) <= {""}


def test_elbo_of_the_first_steps_does_not_set_the_scale(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """Of 100 steps those after the 10th do: -(59 + 1), and a twentieth below."""
    losses = [(1, 5000.0), (10, 900.0), (11, 59.0), (100, 39.0)]
    records = [LossRecord(step, loss, loss, 1.0) for step, loss in losses]
    write_run(Store(tmp_path), make_run(), losses=records)
    _, _, elbo = _panels(gather({"here": Store(tmp_path)}))
    assert elbo.get_ylim()[0] == pytest.approx(-63)


def test_words_name_the_settings(evidence: Evidence) -> None:
    assert training_picture(evidence).alt == (
        "Line plots of reconstruction error, KL and ELBO in nats per image against the training "
        "step, for ae, beta 1 (VAE), beta 16."
    )
    [legend] = training_picture(evidence).figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ae", "beta 1 (VAE)", "beta 16"]
