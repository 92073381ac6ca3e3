"""A study of baselines from start to finish: known scores, and the same bits however it is run."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from joblib.externals.loky import get_reusable_executor
from rich.console import Console

import disbench
from disbench import encoders, finishing, runner
from disbench.commands.checking import check
from disbench.evidence import gather
from disbench.finishing import finish
from disbench.models import linear
from disbench.plan import make_plan
from disbench.store import Store
from disbench.tables import read_csv, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from disbench.cells import Cell
    from disbench.run_folder import RunFolder
    from disbench.study import Study

NAMES = ("factors", "pixels", "pca", "ica", "random_projection", "untrained")
MIG, BETA_VAE = "mig/exact", "beta_vae/locatello2019"


@pytest.fixture(scope="module")
def study(make_study: Callable[..., Study]) -> Study:
    """All baselines, and nothing that is trained."""
    return make_study(
        baselines=list(NAMES),
        objectives=[],
        model={"latents": 5},
        evaluation={"save_codes": True, "protocols": [MIG]},
    )


@pytest.fixture(scope="module")
def results(
    study: Study,
    tmp_path_factory: pytest.TempPathFactory,
    quick_evaluation: None,  # noqa: ARG001 - from the first run on
) -> Path:
    """The study, run in this process with its report; not to be changed."""
    directory = tmp_path_factory.mktemp("baselines") / "results"
    assert disbench.run(study, out=directory, jobs=1, device="cpu").failed == ()
    return directory


@pytest.fixture(scope="module")
def workers() -> Iterator[None]:
    """Local workers, which are gone afterwards."""
    yield
    get_reusable_executor(kill_workers=True).shutdown(kill_workers=True)


def _folders(directory: Path) -> dict[str, RunFolder]:
    return {f.path.name.split("-")[0]: f for f in Store(directory).finished()}


def _bits(directory: Path, *names: str) -> dict[str, bytes]:
    return {
        f"{name}/{path.name}": path.read_bytes()
        for name, folder in _folders(directory).items()
        for path in folder.path.iterdir()
        if name in names and path.suffix != ".json"
    }


def _cell(study: Study, directory: Path, name: str) -> Cell:
    Store(directory).open_for(study)
    cells = make_plan(study, directory, device="cpu").cells
    return next(cell for cell in cells if cell.run.objective == name)


def test_baseline_is_kept_as_a_run_without_steps(results: Path) -> None:
    folders = _folders(results)
    assert folders.keys() == {*NAMES}
    for folder in folders.values():
        training = folder.training()
        assert training is not None
        assert (training.status, training.steps_done) == ("done", 0)
        assert folder.losses() == []
        assert folder.damage() is None


def test_only_what_has_a_decoder_reconstructs(results: Path) -> None:
    for name, folder in _folders(results).items():
        record = folder.evaluation()
        if name == "pixels":  # of which nothing was asked
            assert record is None
            continue
        assert record is not None
        numbers = record.evaluation
        has_decoder = name == "untrained"
        assert (numbers.reconstruction is not None) == has_decoder
        assert (numbers.n_reconstructed > 0) == has_decoder
        assert (numbers.kl is not None) == has_decoder
        assert (numbers.elbo is not None) == has_decoder
        assert (folder.pictures() is not None) == has_decoder


def test_factors_are_at_the_ceiling(results: Path) -> None:
    scores = tabulate(Store(results)).scores
    [factors] = scores[scores["model"].eq("factors")].to_dict("records")
    assert factors["value"] == pytest.approx(1)
    assert factors["calibrated"] == pytest.approx(1)


def test_factors_are_told_apart_by_pairs(study: Study, tmp_path: Path) -> None:
    cell = _cell(study, tmp_path, "factors")
    evaluation = cell.evaluation.model_copy(update={"protocols": (BETA_VAE,)})
    assert finish(replace(cell, evaluation=evaluation)).status == "done"
    [score] = tabulate(Store(tmp_path)).scores["value"]
    assert score == 1.0


def test_pixels_are_asked_only_what_draws_rows_and_never_kept(results: Path) -> None:
    assert "pixels" not in set(tabulate(Store(results)).scores["model"])
    kept = {name for name, folder in _folders(results).items() if folder.codes.exists()}
    assert kept == {*NAMES} - {"pixels"}


def test_codes_without_a_posterior_have_no_samples(results: Path) -> None:
    scores = tabulate(Store(results)).scores
    sampled = scores.loc[scores["representation"].eq("sampled"), "model"]
    assert set(sampled) == {"untrained"}


def test_what_means_nothing_for_a_baseline_is_empty(results: Path) -> None:
    runs = read_csv("runs", results).set_index("model")
    assert runs.index.tolist() == list(NAMES)
    assert runs[["batch_size", "optimiser", "learning_rate", "beta"]].isna().all(axis=None)
    assert runs["network"].dropna().to_dict() == {"untrained": "conv"}
    assert runs["latents"].dropna().to_dict() == dict.fromkeys(NAMES[2:], 5)
    assert runs["steps"].eq(0).all()


def test_report_shows_baselines_alone(results: Path) -> None:
    page = (results / "report.html").read_text()
    assert "pca and ica were fitted to 10,000 images" in page
    assert "only the protocols that draw a few images at a time were asked" in page
    assert "Hotelling 1933" in page
    figures = {path.stem for path in (results / "figures").glob("*.png")}
    assert figures == {"headline", "scores", "scores_sampled", "superiority"}
    headline = (results / "headline.md").read_text()
    assert "| factors | 1 | – | – | 5.0 | 1.000 |" in headline  # noqa: RUF001 - as it is printed
    for name in ("variance", "agreement", "objectives"):
        assert read_csv(name, results).empty
    assert set(read_csv("summary", results)["model"]) == {*NAMES} - {"pixels"}


def test_nothing_is_left_to_do_or_damaged(results: Path, study: Study) -> None:
    assert make_plan(study, results, device="cpu").to_do == ()
    assert Store(results).damaged.exists() is False
    assert check(results, console=Console(quiet=True))


def test_other_processes_and_neighbours_give_the_same_bits(
    results: Path,
    study: Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    workers: None,  # noqa: ARG001 - for as long as they are needed
) -> None:
    monkeypatch.setattr(runner, "write_report", lambda path, **_: gather({path.name: Store(path)}))
    names = ("untrained", "ica")
    fewer = study.model_copy(update={"baselines": names})
    assert disbench.run(fewer, out=tmp_path, jobs=2, device="cpu").failed == ()
    alone, found = _bits(tmp_path, *names), _bits(results, *names)
    assert alone == {name: found[name] for name in alone}
    assert {name.partition("/")[2] for name in alone} >= {"codes.h5", "details.h5"}
    columns = ["run", "representation", "value", "floor", "ceiling"]
    scores, others = (
        tabulate(Store(path)).scores[columns].set_index(columns[:2]) for path in (results, tmp_path)
    )
    pd.testing.assert_frame_equal(scores.loc[others.index], others, check_exact=True)


def test_baseline_is_scored_by_more_without_being_fitted_again(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "N_FITTED", 300)
    cell = _cell(study, tmp_path, "pca")
    assert finish(cell).status == "done"
    before = _bits(tmp_path, "pca")["pca/model.safetensors"]
    monkeypatch.setattr(finishing, "_fitted", None)
    more = cell.evaluation.model_copy(update={"protocols": (MIG, "irs/suter2019")})
    assert finish(replace(cell, evaluation=more)).status == "done"
    assert set(tabulate(Store(tmp_path)).scores["protocol"]) == {MIG, "irs/suter2019"}
    assert _bits(tmp_path, "pca")["pca/model.safetensors"] == before


@pytest.mark.parametrize(("most", "converged"), [(1, False), (10_000, True)])
def test_record_says_whether_the_fit_came_to_rest(
    most: int, *, converged: bool, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "N_FITTED", 300)
    monkeypatch.setattr(linear, "MOST_ITERATIONS", most)
    cell = _cell(study, tmp_path, "ica")
    assert finish(cell).status == "done"
    training = _folders(tmp_path)["ica"].training()
    assert training is not None
    assert training.converged is converged


def test_baseline_that_was_fitted_and_not_scored_goes_on(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the two: its weights are read back."""
    cell = _cell(study, tmp_path, "random_projection")
    with monkeypatch.context() as patch:
        patch.setattr(finishing, "_evaluate", _killed)
        assert finish(cell).status == "failed"
    assert Store(tmp_path).begun(cell.run).is_trained
    monkeypatch.setattr(finishing, "_fitted", None)
    assert finish(cell).status == "done"
    assert len(tabulate(Store(tmp_path)).scores) == 1


def _killed(*_: object) -> None:
    raise RuntimeError("killed")


def test_codes_of_a_grid_are_as_many_as_its_images(results: Path) -> None:
    rows = np.array([0, 1439])
    mean, log_variance = _folders(results)["factors"].read_codes(rows)
    assert mean.tolist() == [[0, 0, 0, 0, 0], [2, 5, 4, 3, 3]]
    assert log_variance is None


MEMORY = """
import sys
from pathlib import Path
from psutil import Process
from disbench.finishing import finish
from disbench.plan import make_plan
from disbench.store import Store
directory = Path(sys.argv[1])
for cell in make_plan(Store(directory).study(), directory, device="cpu").cells:
    assert finish(cell).status == "done"
    print(Process().memory_info().rss)
"""


def test_worker_holds_no_more_memory_after_a_fit(study: Study, tmp_path: Path) -> None:
    """Joblib replaces, with a warning, one that has gained 300 MB since its first run."""
    Store(tmp_path).open_for(study.model_copy(update={"baselines": ("factors", "pca")}))
    command = [sys.executable, "-c", MEMORY, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    factors, pca = map(int, told.stdout.split())
    assert pca - factors < 150e6
