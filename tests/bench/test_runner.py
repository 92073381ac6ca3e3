"""A study from start to finish: the same bits however it is run, and nothing done twice."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd
import psutil
import pytest
from joblib.externals.loky import get_reusable_executor

import disbench
from disbench import executors, finishing, runner
from disbench.errors import StoreError
from disbench.evidence import gather
from disbench.executors import Local
from disbench.plan import make_plan
from disbench.progress import Silent
from disbench.store import Store
from disbench.study_files import narrowed
from disbench.tables import read_csv, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from disbench.outcomes import Outcome
    from disbench.plan import Plan
    from disbench.progress import Display
    from disbench.runner import Results
    from disbench.study import Study

# Everything of a run that must be the same bits; the records hold times, too.
FILES = ("codes.h5", "details.h5", "losses.csv", "model.safetensors", "pictures.h5")


@pytest.fixture(scope="module")
def study(make_study: Callable[..., Study]) -> Study:
    """An autoencoder and a beta-VAE, with codes and two protocols."""
    return make_study(
        training={"steps": 3},
        evaluation={"save_codes": True, "protocols": ["mig/exact", "irs/suter2019"]},
    )


@pytest.fixture(scope="module")
def reference(
    study: Study,
    tmp_path_factory: pytest.TempPathFactory,
    quick_evaluation: None,  # noqa: ARG001 - from the first run on
) -> Path:
    """The study, run in this process; not to be changed."""
    directory = tmp_path_factory.mktemp("reference") / "results"
    results = disbench.run(study, out=directory, jobs=1, device="cpu")
    assert results.failed == ()
    return directory


@pytest.fixture(scope="module")
def workers() -> Iterator[None]:
    """Local workers, which take seconds to start, so that these tests share them."""
    yield
    get_reusable_executor(kill_workers=True).shutdown(kill_workers=True)


@pytest.fixture
def tables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures, which take as long as the runs."""
    monkeypatch.setattr(runner, "write_report", lambda path, **_: gather({path.name: Store(path)}))


def _bits(directory: Path) -> dict[str, bytes]:
    folders = list(Store(directory).finished())
    return {
        f"{f.path.name}/{name}": (f.path / name).read_bytes() for f in folders for name in FILES
    }


def _scores(directory: Path) -> pd.DataFrame:
    scores = tabulate(Store(directory)).scores
    keys = ["run", "representation", "protocol"]
    return scores[[*keys, "value", "floor", "ceiling"]].sort_values(keys, ignore_index=True)


def _assert_same(directory: Path, reference: Path) -> None:
    assert _bits(directory) == _bits(reference)
    pd.testing.assert_frame_equal(_scores(directory), _scores(reference), check_exact=True)


def _execute(plan: Plan, *, jobs: int, display: Display) -> Results:
    with Local(jobs) as executor:
        return runner.execute(plan, executor=executor, display=display)


def _loky_workers() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if any("popen_loky" in part for part in child.cmdline())
    ]


def _missing(frame: pd.DataFrame) -> set[str]:
    """The columns with a gap, but for those that may have one in any run."""
    return set(frame.columns[frame.isna().any()]) - {"git_commit", "resumed_from", "error"}


class Interrupted(Silent):
    """Ctrl-C as soon as the first run has ended."""

    def ended(self, outcome: Outcome) -> None:
        """Interrupt."""
        assert outcome.status == "done"
        raise KeyboardInterrupt


class Watched(Silent):
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @contextmanager
    def showing(self, plan: Plan, store: Store, *, jobs: int) -> Iterator[None]:
        """Remember the block."""
        assert store.directory == plan.directory
        assert jobs == 1
        self.seen.append("begin")
        yield
        self.seen.append("end")

    def ended(self, outcome: Outcome) -> None:
        """Remember the run."""
        self.seen.append(outcome.run.label)


def test_directory_holds_all_that_is_promised(reference: Path, study: Study) -> None:
    assert sorted(path.name for path in reference.iterdir() if path.name != "groups") == [
        "agreement.csv",
        "comparisons.csv",
        "dimensions.csv",
        "factors.csv",
        "failures",
        "figures",
        "headline.md",
        "headline.tex",
        "objectives.csv",
        "report.html",
        "runs",
        "runs.csv",
        "scores.csv",
        "study.toml",
        "summary.csv",
        "unfinished",
        "variance.csv",
    ]
    assert Store(reference).study() == study
    names = [folder.path.name for folder in Store(reference).finished()]
    assert [name.rpartition("-")[0] for name in names] == ["ae-seed0", "beta_vae-beta4-seed0"]
    for folder in Store(reference).finished():
        files = {path.name for path in folder.path.iterdir()}
        assert files == {*FILES, "training.json", "evaluation.json"}
    assert not list((reference / "failures").iterdir())
    assert not list((reference / "unfinished").iterdir())


def test_tables_are_those_of_the_runs(reference: Path) -> None:
    runs, scores = read_csv("runs", reference), read_csv("scores", reference)
    assert list(runs["status"]) == ["done", "done"]
    without_posterior = {"beta", "beta_norm", "hyperparameters", "kl", "elbo"}
    assert _missing(runs[runs["model"] == "beta_vae"]) == set()
    assert _missing(runs[runs["model"] == "ae"]) == without_posterior
    # Two protocols, of the means and, of the VAEs, of samples.
    assert scores["model"].value_counts().to_dict() == {"ae": 2, "beta_vae": 4}
    assert scores["run"].isin(runs["run"]).all()
    assert _missing(scores) <= without_posterior
    assert read_csv("summary", reference)["n"].tolist() == [1] * 6


@pytest.mark.usefixtures("workers", "tables_only")
def test_two_workers_give_the_same_bits(study: Study, reference: Path, tmp_path: Path) -> None:
    results = disbench.run(study, out=tmp_path, jobs=2, device="cpu")
    assert results.failed == ()
    _assert_same(tmp_path, reference)


@pytest.mark.usefixtures("workers", "tables_only")
def test_interruption_ends_the_workers_at_once(
    make_study: Callable[..., Study], tmp_path: Path
) -> None:
    """Of six runs on two workers few are finished."""
    study = make_study(seeds=6, objectives=[{"name": "ae"}], training={"steps": 3})
    with pytest.raises(KeyboardInterrupt) as interruption:
        _execute(make_plan(study, tmp_path, device="cpu"), jobs=2, display=Interrupted())
    assert _loky_workers() == []
    assert interruption.traceback, "held until here, with all that the interrupted code refers to"
    finished = [folder.path.name for folder in Store(tmp_path).finished()]
    assert 1 <= len(finished) < 6
    assert set(Store(tmp_path).runs.iterdir()) == {Store(tmp_path).runs / n for n in finished}


@pytest.mark.usefixtures("tables_only")
def test_another_order_gives_the_same_bits(
    study: Study, reference: Path, tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    content = study.model_dump(mode="json")
    content["objectives"].reverse()
    content["seeds"] = [1, 0]
    disbench.run(make_study(**content), out=tmp_path, jobs=1, device="cpu")
    assert _bits(reference).items() <= _bits(tmp_path).items()
    scores = _scores(tmp_path)
    of_seed_0 = scores[scores["run"].isin(_scores(reference)["run"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_seed_0, _scores(reference), check_exact=True)
    names = {path.split("/")[0] for path in _bits(tmp_path)}
    codes = {_bits(tmp_path)[f"{name}/codes.h5"] for name in names}
    assert len(codes) == 4


@pytest.mark.usefixtures("tables_only")
def test_a_run_alone_has_the_same_bits_and_keeps_them_as_the_grid_grows(
    study: Study,
    reference: Path,
    tmp_path: Path,
    make_study: Callable[..., Study],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = study.model_dump(mode="json")
    content["objectives"] = content["objectives"][1:]
    disbench.run(make_study(**content), out=tmp_path, jobs=1, device="cpu")
    alone = _bits(tmp_path)
    assert len(alone) == len(FILES)
    assert alone.items() <= _bits(reference).items()
    trained = []
    real = finishing.TRAIN["cpu"]

    def train(run: Any, *arguments: Any, **options: Any) -> Any:
        trained.append(run.label)
        return real(run, *arguments, **options)

    monkeypatch.setitem(finishing.TRAIN, "cpu", train)
    disbench.run(study, out=tmp_path, jobs=1, device="cpu")
    assert trained == ["ae, seed 0"]
    _assert_same(tmp_path, reference)


def test_the_same_command_again_does_nothing(
    study: Study, reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "finish", None)
    files = [path for path in sorted((reference / "runs").rglob("*")) if path.is_file()]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    tables = [(reference / f"{name}.csv").read_bytes() for name in ("runs", "scores", "summary")]
    display = Watched()
    _execute(make_plan(study, reference, device="cpu"), jobs=2, display=display)
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before
    again = [(reference / f"{name}.csv").read_bytes() for name in ("runs", "scores", "summary")]
    assert again == tables
    assert display.seen == []


@pytest.mark.usefixtures("tables_only")
def test_run_that_fails_leaves_the_others_alone(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(training={"steps": 1})
    real = finishing.TRAIN["cpu"]

    def train(run: Any, *arguments: Any, **options: Any) -> Any:
        if run.objective == "ae":
            raise RuntimeError("no autoencoders today")
        return real(run, *arguments, **options)

    monkeypatch.setitem(finishing.TRAIN, "cpu", train)
    display = Watched()
    plan = make_plan(study, tmp_path, device="cpu")
    results = _execute(plan, jobs=1, display=display)
    assert [outcome.run.label for outcome in results.failed] == ["ae, seed 0"]
    assert results.failed[0].error == "RuntimeError: no autoencoders today"
    assert list(results.tables.runs["status"]) == ["failed", "done"]
    assert results.evidence.settings == ("ae", "4")
    assert list(results.tables.runs["error"].fillna("")) == [results.failed[0].error, ""]
    assert display.seen == ["begin", "ae, seed 0", "beta_vae, beta 4, seed 0", "end"]
    monkeypatch.undo()
    again = disbench.run(study, out=tmp_path, jobs=1, device="cpu")
    assert again.failed == ()
    assert list(again.tables.runs["status"]) == ["done", "done"]


@pytest.mark.usefixtures("tables_only")
def test_interrupted_study_goes_on_where_it_was(
    study: Study, reference: Path, tmp_path: Path
) -> None:
    plan = make_plan(study, tmp_path, device="cpu")
    with pytest.raises(KeyboardInterrupt):
        _execute(plan, jobs=1, display=Interrupted())
    [finished] = Store(tmp_path).finished()
    assert finished.path.name == plan.cells[0].run.id
    before = finished.weights.stat().st_mtime_ns
    disbench.run(study, out=tmp_path, jobs=1, device="cpu")
    assert finished.weights.stat().st_mtime_ns == before
    _assert_same(tmp_path, reference)


def test_parts_of_a_study_are_replaced(
    tmp_path: Path, make_study: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Plan] = []
    monkeypatch.setattr(runner, "execute", lambda plan, **_: seen.append(plan))
    changes: Any = {"beta": [1, 2], "seeds": 3, "steps": 7}
    disbench.run(make_study(), out=tmp_path, **changes, device="cpu", tensorboard=True)
    disbench.run(make_study(), out=tmp_path, **changes, device="cpu")
    [plan, without] = seen
    assert [cell.tensorboard for cell in plan.cells] == [True] * 9
    assert [cell.tensorboard for cell in without.cells] == [False] * 9
    assert plan.study == narrowed(make_study(), beta=[1, 2], seeds=3, steps=7)
    assert len(plan.cells) == 9


def test_results_go_below_the_working_directory(
    tmp_path: Path, make_study: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Plan] = []
    monkeypatch.setattr(runner, "execute", lambda plan, **_: seen.append(plan))
    monkeypatch.chdir(tmp_path)
    disbench.run(make_study(name="mine"), device="cpu")
    disbench.run("smoke", device="cpu")
    assert [str(plan.directory) for plan in seen] == ["results/mine", "results/smoke"]


def test_another_kind_of_study_is_refused(study: Study, reference: Path) -> None:
    with pytest.raises(StoreError, match=r"training\.steps: 3 there, 4 asked for"):
        disbench.run(study, out=reference, steps=4, device="cpu")
