"""A figure is drawn where there is something to draw, and no other."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.image import imread
from PIL import Image

from disbench.evidence import Evidence, gather
from disbench.figures.images import shown_runs
from disbench.record_files import write_record
from disbench.records import Failure, LossRecord
from disbench.report import pictures
from disbench.report.pictures import NAMES, draw_pictures
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from disbench.information import Information
    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]
    Details = Callable[..., dict[str, Any]]

MIG, SAP = "mig/exact", "sap/locatello2019"
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}

SCORES = {"headline", "tradeoff", "scores"}
IMAGES = {"reconstructions", "traversals", "prior_samples"}


@pytest.fixture
def store(tmp_path: Path, make_run: MakeRun, write_run: WriteRun, details_of: Details) -> Store:
    """Two settings of two seeds, with all that a figure may want."""
    store = Store(tmp_path / "results")
    for place, setting in enumerate(({}, {"hyperparameters": {"beta": 16.0}})):
        for seed in (0, 1):
            score = 0.5 * place + 0.125 * seed
            write_run(
                store,
                make_run(seed=seed, **setting),
                {MIG: score, SAP: 1 - score},
                reconstruction=100.0 + 10 * place + seed,
                details=details_of((0.25 + score) * np.eye(3, 5)),
            )
    return store


def _drawn(evidence: Evidence, folder: Path) -> set[str]:
    """The names of the figures that were drawn, each of which is two files and not blank."""
    drawn = draw_pictures(evidence, shown_runs(evidence), folder)
    files = {path.name for path in folder.iterdir()} - {"traversals.gif"}
    assert files == {f"{name}.{suffix}" for name in drawn for suffix in ("png", "svg")}
    for name, figure in drawn.items():
        assert figure.name == name
        assert figure.svg.startswith("<svg")
        assert imread(folder / f"{name}.png")[..., :3].std() > 0.01
    return set(drawn)


def _matrices(
    evidence: Evidence, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, float]]:
    """The title and the largest share of each matrix of the figure of information."""
    seen: list[tuple[str, float]] = []
    real = pictures.information_picture

    def spy(shown: Sequence[tuple[str, Information]]) -> Any:
        seen.extend((title, float(information.shares.max())) for title, information in shown)
        return real(shown)

    monkeypatch.setattr(pictures, "information_picture", spy)
    draw_pictures(evidence, [], folder)
    return seen


def test_every_figure_of_a_full_directory_is_drawn(store: Store, tmp_path: Path) -> None:
    assert _drawn(gather({"here": store}), tmp_path / "figures") == {
        *SCORES,
        *IMAGES,
        *(
            "variance",
            "superiority",
            "agreement",
            "training_curves",
            "kl_by_dimension",
            "information",
        ),
    }
    with Image.open(tmp_path / "figures" / "traversals.gif") as gif:
        assert gif.size == (2 * 66, 3 * 66)


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert _drawn(gather({"here": Store(tmp_path)}), tmp_path / "figures") == set()
    assert list((tmp_path / "figures").iterdir()) == []


def test_figures_of_an_earlier_report_do_not_stay(store: Store, tmp_path: Path) -> None:
    """What is drawn no more would tell of what was; what others put there is theirs."""
    folder = tmp_path / "figures"
    drawn = _drawn(gather({"here": store}), folder)
    (folder / "mine.png").touch()
    evidence = gather({"here": Store(tmp_path)})
    draw_pictures(evidence, shown_runs(evidence), folder)
    assert [path.name for path in folder.iterdir()] == ["mine.png"]
    assert {*drawn, "scores_sampled"} == set(NAMES)


def test_nothing_is_drawn_of_runs_that_failed(tmp_path: Path, make_run: MakeRun) -> None:
    Store(tmp_path).failures.mkdir()
    Store(tmp_path).note_failure(Failure(run=make_run(), error="ValueError: no", traceback=""))
    assert _drawn(gather({"here": Store(tmp_path)}), tmp_path / "figures") == set()


def test_autoencoders_alone_have_no_cost(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    losses = [LossRecord(2, 9.0, 9.0, nan), LossRecord(4, 8.0, 8.0, nan)]
    write_run(Store(tmp_path), make_run(**AE), {MIG: 0.5}, losses=losses)
    drawn = _drawn(gather({"here": Store(tmp_path)}), tmp_path / "figures")
    assert drawn == {*SCORES, *IMAGES, "training_curves"}


def test_runs_that_all_diverged_have_curves_alone(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    lost = LossRecord(50, nan, nan, nan)
    write_run(Store(tmp_path), make_run(), status="diverged", losses=[lost])
    drawn = _drawn(gather({"here": Store(tmp_path)}), tmp_path / "figures")
    assert drawn == {"training_curves"}
    assert not (tmp_path / "figures" / "traversals.gif").exists()


def test_scores_that_are_all_missing_can_be_drawn(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun, details_of: Details
) -> None:
    """No run is the best of them, so that none has its information shown."""
    for seed in (0, 1):
        details = details_of(np.eye(3, 5))
        write_run(Store(tmp_path), make_run(seed=seed), {MIG: nan}, details=details)
    drawn = _drawn(gather({"here": Store(tmp_path)}), tmp_path / "figures")
    assert drawn == {*SCORES, *IMAGES, "training_curves", "kl_by_dimension"}


def test_scores_of_samples_have_a_figure_of_their_own(store: Store, tmp_path: Path) -> None:
    evidence = _represented(store, "mean", "sampled")
    drawn = _drawn(evidence, tmp_path / "figures")
    assert drawn >= {*SCORES, "scores_sampled"}


def test_study_of_samples_alone_has_no_headline(store: Store, tmp_path: Path) -> None:
    drawn = _drawn(_represented(store, "sampled"), tmp_path / "figures")
    assert drawn == {*IMAGES, "scores_sampled", "training_curves", "kl_by_dimension"}


def test_figures_take_the_place_of_earlier_ones(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "training_curves.png").write_bytes(b"old")
    _drawn(gather({"here": store}), folder)
    assert imread(folder / "training_curves.png").std() > 0.05


def test_figures_of_the_same_directory_are_the_same_bytes(store: Store, tmp_path: Path) -> None:
    for name in ("one", "two"):
        _drawn(gather({"here": store}), tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 2 * 12 + 1
    for name in names:
        bits = [(tmp_path / folder / name).read_bytes() for folder in ("one", "two")]
        assert bits[0] == bits[1], name


def test_drawing_leaves_the_style_of_the_caller(store: Store, tmp_path: Path) -> None:
    before = dict(rcParams)
    _drawn(gather({"here": store}), tmp_path / "figures")
    assert dict(rcParams) == before


def test_information_is_that_of_the_best_the_median_and_the_worst_run(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By mig, the first headline protocol: by sap the order is the reverse.

    Of four runs that of the third place is the median.
    """
    seen = _matrices(gather({"here": store}), tmp_path / "figures", monkeypatch)
    assert seen == [
        ("best: beta 16, seed 1", 0.875),
        ("median: beta 4, seed 1", 0.375),
        ("worst: beta 4, seed 0", 0.25),
    ]


@pytest.mark.parametrize(("n", "titles"), [(1, ["best"]), (2, ["best", "worst"])])
def test_fewer_than_three_runs_have_no_median(
    n: int, titles: list[str], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in list(store.finished())[n:]:
        (folder.path / "training.json").unlink()
    seen = _matrices(gather({"here": store}), tmp_path / "figures", monkeypatch)
    assert [title.partition(":")[0] for title, _ in seen] == titles


def test_run_whose_information_is_unknown_is_passed_over(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, best = store.finished()
    evidence = gather({"here": store})
    [winner] = [run for run in evidence.runs if evidence.label(run) == "beta 16, seed 1"]
    (winner.folder.path / "details.h5").unlink()
    assert best.path.parent == winner.folder.path.parent
    seen = _matrices(gather({"here": store}), tmp_path / "figures", monkeypatch)
    assert seen[0] == ("best: beta 16, seed 0", 0.75)


def test_same_run_of_two_directories_is_ranked_by_its_own_score(
    tmp_path: Path,
    make_run: MakeRun,
    write_run: WriteRun,
    details_of: Details,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stores = {name: Store(tmp_path / name) for name in ("new", "old")}
    for store, score in zip(stores.values(), (0.25, 0.75), strict=True):
        details = details_of(score * np.eye(3, 5))
        write_run(store, make_run(), {MIG: score}, details=details)
    seen = _matrices(gather(stores), tmp_path / "figures", monkeypatch)
    assert seen == [("best: old: beta 4, seed 0", 0.75), ("worst: new: beta 4, seed 0", 0.25)]


def _represented(store: Store, *representations: str) -> Evidence:
    """The evidence of a store whose scores are also, or only, those of samples."""
    for folder in store.finished():
        record = folder.evaluation()
        assert record is not None
        scores = [
            score.model_copy(update={"representation": representation})
            for score in record.scores
            for representation in representations
        ]
        changed = record.model_copy(update={"scores": tuple(scores)})
        write_record(changed, folder.path / "evaluation.json")
    return gather({"here": store})
