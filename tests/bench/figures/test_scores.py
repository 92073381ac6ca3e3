"""Every score is where its setting and its value say, with median, mean and interval beside it."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import Rectangle

from disbench.evidence import Evidence, gather
from disbench.figures.scores import _columns, _figure, score_picture, tradeoff_picture
from disbench.figures.style import SERIES, write_picture
from disbench.records import Failure
from disbench.store import Store
from disbench.tables import analyse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

MIG, IRS = "mig/exact", "irs/suter2019"
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}


def _panel(evidence: Evidence, protocol: str = MIG, *, representation: str = "mean") -> Axes:
    """The panel of a protocol in a figure of it alone."""
    picture = score_picture("scores", evidence, [protocol], representation=representation)
    [panel] = picture.figure.axes
    assert panel.get_title().startswith(f"{protocol}\n")
    return panel


def _dots(panel: Axes) -> list[tuple[int, float]]:
    """The place on the axis and the value of each dot."""
    offsets = [c.get_offsets() for c in panel.collections if isinstance(c, PathCollection)]
    return sorted((round(float(x)), round(float(y), 6)) for x, y in np.concatenate(offsets))


def _places(panel: Axes) -> list[str]:
    return [label.get_text() for label in panel.get_xticklabels()]


def _changed(evidence: Evidence, **columns: object) -> Evidence:
    """The same with other columns of the scores, and what is made of them."""
    scores = evidence.tables.scores.drop(columns="setting").assign(**columns)
    tables = analyse(evidence.tables.runs.drop(columns="setting"), scores)
    names = evidence.tables.runs[["source", "run", "setting"]]
    by_setting = ["source", "model", "beta", "hyperparameters"]
    settings = evidence.tables.runs[[*by_setting, "setting"]].drop_duplicates()
    return replace(
        evidence,
        tables=tables._replace(
            runs=evidence.tables.runs,
            scores=tables.scores.merge(names, on=["source", "run"]),
            summary=tables.summary.merge(settings, on=by_setting),
        ),
    )


@pytest.fixture
def three_seeds(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> Evidence:
    """One setting of three seeds whose median is not their mean."""
    for seed, score in enumerate((0.1, 0.2, 0.6)):
        write_run(Store(tmp_path), make_run(seed=seed), {MIG: score})
    return gather({"here": Store(tmp_path)})


def test_every_seed_is_a_dot_at_its_setting(evidence: Evidence) -> None:
    panel = _panel(evidence)
    assert _places(panel) == ["ae", "1 (VAE)", "16"]
    assert _dots(panel) == [(0, 0.1), (0, 0.11), (1, 0.5), (1, 0.51), (2, 0.3), (2, 0.31)]


def test_every_protocol_has_a_panel(evidence: Evidence) -> None:
    scores = evidence.tables.scores
    more = [scores[scores["protocol"].eq(MIG)].assign(protocol=name) for name in ("a", "b")]
    tables = evidence.tables._replace(scores=pd.concat([scores, *more]))
    picture = score_picture(
        "scores", replace(evidence, tables=tables), [MIG, IRS, "a", "b"], representation="mean"
    )
    titles = [panel.get_title() for panel in picture.figure.axes]
    assert titles == [f"{name}\nceiling 0.90" for name in (MIG, IRS, "a", "b")]
    assert {value for _, value in _dots(picture.figure.axes[1])} == {0.5}


def test_dots_of_equal_scores_do_not_cover_each_other(evidence: Evidence) -> None:
    panel = _panel(evidence, IRS)
    dots = np.concatenate([c.get_offsets() for c in panel.collections[:3]])
    assert len(np.unique(dots[:, 0].round(2))) == 6


def test_mean_stands_beside_its_dots_with_its_interval(three_seeds: Evidence) -> None:
    panel = _panel(three_seeds)
    [(mean, _, [bars])] = panel.containers
    assert mean.get_xydata().tolist() == [[0.2, pytest.approx(0.3)]]
    [[low, high]] = bars.get_segments()
    summary = three_seeds.tables.summary.iloc[0]
    assert (low[1], high[1]) == pytest.approx((summary["mean_low"], summary["mean_high"]))
    assert 0.1 <= low[1] < 0.2
    assert 0.4 < high[1] <= 0.6


def test_median_is_a_line_across_its_dots(three_seeds: Evidence) -> None:
    panel = _panel(three_seeds)
    lines = [c.get_segments() for c in panel.collections if isinstance(c, LineCollection)]
    [median] = [line for line in np.concatenate(lines) if np.ptp(line[:, 1]) == 0]
    assert median[:, 1].tolist() == [0.2, 0.2]
    [dots] = [c.get_offsets() for c in panel.collections if isinstance(c, PathCollection)]
    assert median[0, 0] < dots[:, 0].min()
    assert dots[:, 0].max() < median[1, 0]


def test_mean_of_one_seed_has_no_interval(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    write_run(Store(tmp_path), make_run(), {MIG: 0.25})
    [(mean, _, [bars])] = _panel(gather({"here": Store(tmp_path)})).containers
    assert mean.get_ydata().tolist() == [0.25]
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[0.25, 0.25]]


def test_band_reaches_from_nought_to_the_mean_floor(evidence: Evidence) -> None:
    changed = _changed(evidence, floor=np.tile([0.05, 0.15, 0.1], 4))
    [band] = [patch for patch in _panel(changed).patches if isinstance(patch, Rectangle)]
    floors = changed.tables.scores.loc[changed.tables.scores["protocol"].eq(MIG), "floor"]
    assert (band.get_y(), band.get_height()) == pytest.approx((0, floors.mean()))
    assert floors.nunique() == 3


def test_scores_without_a_floor_and_a_ceiling_have_no_band(evidence: Evidence) -> None:
    panel = _panel(_changed(evidence, floor=nan, ceiling=nan))
    assert list(panel.patches) == []
    assert panel.get_title() == f"{MIG}\nno ceiling"
    assert panel.get_ylim() == pytest.approx((0, 1.12 * 0.51))


def test_scale_reaches_to_a_floor_above_the_scores(evidence: Evidence) -> None:
    assert _panel(_changed(evidence, floor=0.75)).get_ylim() == pytest.approx((0, 0.84))


def test_scale_reaches_below_a_negative_score(evidence: Evidence) -> None:
    values = evidence.tables.scores["value"] - 0.5
    panel = _panel(_changed(evidence, value=values))
    assert panel.get_ylim() == pytest.approx((1.12 * -0.4, 0.112))


def test_scale_has_two_ends_where_all_scores_are_negative(evidence: Evidence) -> None:
    panel = _panel(_changed(evidence, value=-0.25, floor=nan))
    assert panel.get_ylim() == pytest.approx((-0.28, 1))


@pytest.mark.parametrize("lost", ["one", "all"])
def test_score_that_is_missing_can_be_drawn(
    lost: str, tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    write_run(store, make_run(), {MIG: nan})
    write_run(store, make_run(seed=1), {MIG: nan if lost == "all" else 0.5})
    picture = score_picture("scores", gather({"here": store}), [MIG], representation="mean")
    assert "<svg" in write_picture(picture, tmp_path)
    [panel] = picture.figure.axes
    assert panel.get_ylim() == pytest.approx((0, 0.112 if lost == "all" else 0.56))


def test_setting_without_a_score_keeps_its_place(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    write_run(store, make_run(hyperparameters={"beta": 16.0}), {MIG: 0.5})
    write_run(store, make_run(**AE), {MIG: 0.25, IRS: 0.125})
    failed = make_run(hyperparameters={"beta": 2.0})
    store.note_failure(Failure(run=failed, error="ValueError: no", traceback=""))
    evidence = gather({"here": store})
    for protocol, dots in ((MIG, [(0, 0.25), (2, 0.5)]), (IRS, [(0, 0.125)])):
        panel = _panel(evidence, protocol)
        assert _places(panel) == ["ae", "2", "16"]
        assert _dots(panel) == dots
        assert panel.get_xlim() == pytest.approx((-0.6, 2.6))


@pytest.mark.parametrize("n", [6, 7])
def test_names_are_slanted_only_where_there_are_many(
    n: int, tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    for place in range(n):
        run = make_run(hyperparameters={"beta": 2.0 + place})
        write_run(Store(tmp_path), run, {MIG: 0.5})
    labels = _panel(gather({"here": Store(tmp_path)})).get_xticklabels()
    assert [label.get_text() for label in labels] == [f"{2 + place}" for place in range(n)]
    slanted = {(label.get_rotation(), label.get_ha()) for label in labels}
    assert slanted == {(0, "center") if n == 6 else (40, "right")}


@pytest.mark.parametrize(("n", "columns"), [(8, 3), (12, 2), (13, 1), (36, 1)])
def test_a_row_has_fewer_panels_the_more_settings_there_are(n: int, columns: int) -> None:
    assert _columns(4, n) == columns
    assert _columns(1, n) == 1


def test_panels_of_many_settings_stay_readable() -> None:
    """So wide that a page shows them, and so high that long names do not eat the panel."""
    names = [f"dip_vae_ii lambda_od={place}" for place in range(36)]
    width, height = _figure(2, 1, names).get_size_inches()
    assert width < 13
    assert height > 2 * (2.7 + 0.05 * len(names[0]))


def test_axis_says_what_a_bare_number_is(evidence: Evidence) -> None:
    assert _panel(evidence).get_xlabel() == "beta, or the model"
    named = {"ae": "ae", "1 (VAE)": "vae", "16": "beta_vae 16"}
    renamed = replace(
        evidence,
        settings=tuple(named.values()),
        tables=evidence.tables._replace(
            scores=evidence.tables.scores.replace({"setting": named}),
            summary=evidence.tables.summary.replace({"setting": named}),
        ),
    )
    assert _panel(renamed).get_xlabel() == ""


def test_run_scored_several_times_is_one_dot(evidence: Evidence) -> None:
    scores = evidence.tables.scores
    again = scores.assign(value=scores["value"] + 0.02, evaluation_seed=1)
    tables = evidence.tables._replace(scores=pd.concat([scores, again], ignore_index=True))
    dots = _dots(_panel(replace(evidence, tables=tables)))
    assert dots == [(0, 0.11), (0, 0.12), (1, 0.51), (1, 0.52), (2, 0.31), (2, 0.32)]


def test_only_scores_of_the_representation_are_drawn(evidence: Evidence) -> None:
    scores, summary = evidence.tables.scores, evidence.tables.summary
    mixed = evidence.tables._replace(
        scores=pd.concat([scores, scores.assign(representation="sampled", value=0.75)]),
        summary=pd.concat([summary, summary.assign(representation="sampled", mean=0.75)]),
    )
    panel = _panel(replace(evidence, tables=mixed), representation="sampled")
    assert {value for _, value in _dots(panel)} == {0.75}
    [(means, _, _)] = panel.containers
    assert means.get_ydata().tolist() == [0.75] * 3
    assert len(_dots(_panel(replace(evidence, tables=mixed)))) == 6


def test_same_run_of_two_directories_is_two_dots(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    stores = {name: Store(tmp_path / name) for name in ("new", "old")}
    for (place, store), score in zip(enumerate(stores.values()), (0.25, 0.75), strict=True):
        write_run(store, make_run(), {MIG: score}, reconstruction=100.0 + place)
    evidence = gather(stores)
    panel = _panel(evidence)
    assert _places(panel) == ["new: 4", "old: 4"]
    assert _dots(panel) == [(0, 0.25), (1, 0.75)]
    [tradeoff] = tradeoff_picture(evidence, [MIG]).figure.axes
    dots = [collection.get_offsets().tolist() for collection in tradeoff.collections]
    assert dots == [[[100, 0.25]], [[101, 0.75]]]


def test_words_say_the_means(evidence: Evidence) -> None:
    picture = score_picture("scores", evidence, [MIG, IRS], representation="mean")
    assert picture.title == "Scores of the posterior means, 2 protocols"
    assert picture.alt == (
        "Score against setting, a dot a seed. Means: "
        "mig/exact: ae 0.105, beta 1 (VAE) 0.505, beta 16 0.305; "
        "irs/suter2019: ae 0.500, beta 1 (VAE) 0.500, beta 16 0.500."
    )
    one = score_picture("scores", evidence, [MIG], representation="sampled")
    assert one.title == "Scores of the posterior samples"


def test_words_are_in_the_order_of_the_axis(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """In a table the VAE, which has a beta of 1, comes last by its name."""
    write_run(Store(tmp_path), make_run(), {MIG: 0.5})
    write_run(Store(tmp_path), make_run(objective="vae", hyperparameters={}), {MIG: 0.25})
    evidence = gather({"here": Store(tmp_path)})
    picture = score_picture("scores", evidence, [MIG], representation="mean")
    assert picture.alt.endswith("Means: mig/exact: beta 1 (VAE) 0.250, beta 4 0.500.")
    assert _places(picture.figure.axes[0]) == ["1 (VAE)", "4"]


def test_tradeoff_shows_reconstruction_against_score(evidence: Evidence) -> None:
    figure = tradeoff_picture(evidence, [MIG, IRS]).figure
    mig, irs = figure.axes
    assert (mig.get_title(), irs.get_title()) == (MIG, IRS)
    dots = {
        collection.get_label(): collection.get_offsets().tolist() for collection in mig.collections
    }
    assert dots == {
        "ae": [[100, 0.1], [101, pytest.approx(0.11)]],
        "beta 1 (VAE)": [[120, 0.5], [121, 0.51]],
        "beta 16": [[110, pytest.approx(0.3)], [111, pytest.approx(0.31)]],
    }
    assert _legend(figure) == ["ae", "beta 1 (VAE)", "beta 16"]


def test_tradeoff_tells_settings_apart_with_and_without_colour(evidence: Evidence) -> None:
    panel, *_ = tradeoff_picture(evidence, [MIG]).figure.axes
    colours = [tuple(c.get_facecolor()[0, :3]) for c in panel.collections]
    shapes = [len(c.get_paths()[0].vertices) for c in panel.collections]
    assert len(set(colours)) == len(set(shapes)) == 3
    assert [round(255 * part) for part in colours[0]] == [*bytes.fromhex(SERIES[0][1:])]


def test_run_without_a_reconstruction_is_no_dot(evidence: Evidence) -> None:
    """A run that a table of scores has and the table of runs has not cannot be placed."""
    runs = evidence.tables.runs
    tables = evidence.tables._replace(runs=runs[runs["model"].ne("ae")])
    [panel] = tradeoff_picture(replace(evidence, tables=tables), [MIG]).figure.axes
    assert [len(c.get_offsets()) for c in panel.collections] == [0, 2, 2]


def _legend(figure: Figure) -> list[str]:
    [legend] = figure.legends
    return [text.get_text() for text in legend.get_texts()]
