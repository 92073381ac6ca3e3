"""`disbench run` does what it says, and says what it did."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from disbench import estimate as estimate_module
from disbench import finishing
from disbench.commands import running
from disbench.store import Store
from disbench.study_files import load_study, to_toml
from disbench.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.study import Study

    Command = Callable[..., Any]


@pytest.fixture
def study_file(tmp_path: Path, make_study: Callable[..., Study]) -> Path:
    """An autoencoder of two seeds, and a beta-VAE of as many, in a file."""
    path = tmp_path / "study.toml"
    path.write_text(to_toml(make_study(seeds=2, training={"steps": 2})), "utf-8")
    return path


@pytest.fixture
def quick_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate_module, "_median_seconds", lambda _: 0.5)


def _no_training(*_: object, **__: object) -> None:
    raise RuntimeError("no training today")


def _strict_json(line: str) -> dict[str, Any]:
    """The object of a line; NaN and infinities, which are no JSON, raise an error."""
    loaded: dict[str, Any] = json.loads(line, parse_constant=pytest.fail)
    return loaded


@pytest.mark.usefixtures("quick_evaluation")
def test_study_is_run_and_then_done(disbench: Command, study_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("run", study_file, "--out", out, "--seeds", 1, "--jobs", 1, "--device", "cpu")
    called = disbench(*arguments)
    assert (called.code, called.errors) == (0, "")
    lines = called.output.splitlines()
    assert lines[0] == "tiny: 2 runs, 0 done, 2 to do (cpu, fp32, 1 at a time)"
    assert lines[1].startswith("[1/2] ae, seed 0: done in ")
    assert lines[2].startswith("[2/2] beta_vae, beta 4, seed 0: done in ")
    assert lines[2].endswith("; about 0 s left")
    assert lines[-2:] == [f"tables and figures: {out}/", f"report: {out}/report.html"]
    assert any(line.split()[:3] == ["beta", "4", "1"] for line in lines)
    assert len(read_csv("runs", out)) == 2
    assert (out / "figures" / "scores.png").is_file()
    again = disbench(*arguments)
    assert again.code == 0
    assert again.output.splitlines()[0] == "tiny: 2 runs, 2 done, 0 to do"
    assert again.output.splitlines()[1:] == lines[3:]


@pytest.mark.usefixtures("quick_estimate")
def test_dry_run_shows_the_grid_and_starts_nothing(
    disbench: Command, study_file: Path, tmp_path: Path, write_run: Callable[..., Any]
) -> None:
    out = tmp_path / ":smile: [red]"
    arguments = ("run", study_file, "--out", out, "--dry-run", "--jobs", 2, "--device", "cpu")
    called = disbench(*arguments)
    assert (called.code, called.errors) == (0, "")
    lines = called.output.splitlines()
    assert lines[:4] == [
        "to do  ae, seed 0",
        "to do  ae, seed 1",
        "to do  beta_vae, beta 4, seed 0",
        "to do  beta_vae, beta 4, seed 1",
    ]
    assert f"4 runs, 0 done; results: {out}/" in lines
    # Two rounds of 2 steps, and of encoding and decoding 1,440 images in batches of 64.
    assert any(line.startswith("about 47 s with 2 at a time on cpu, fp32") for line in lines)
    assert "  2 steps a run, measured here just now: 500 ms (ae) and 500 ms (beta_vae)" in lines
    assert not out.exists()
    study = running.asked_for(str(study_file), objective="ae", beta=None, seeds=1, steps=None)
    [cell] = running.plan(study, out=out, device="cpu").cells
    write_run(Store(out), cell.run, status="diverged")
    assert disbench(*arguments).output.splitlines()[:2] == [
        "done   ae, seed 0",
        "to do  ae, seed 1",
    ]


@pytest.mark.usefixtures("quick_estimate")
def test_dry_run_of_baselines_tells_of_no_steps(
    disbench: Command, tmp_path: Path, make_study: Callable[..., Study]
) -> None:
    file = tmp_path / "study.toml"
    file.write_text(to_toml(make_study(baselines=["pca", "factors"], objectives=[])))
    called = disbench("run", file, "--out", tmp_path / "o", "--dry-run", "--device", "cpu")
    assert (called.code, called.errors) == (0, "")
    assert called.output.splitlines()[:2] == ["to do  pca, seed 0", "to do  factors, seed 0"]
    assert "steps a run" not in called.output
    assert "about " in called.output


def test_parts_of_a_study_are_replaced(study_file: Path, tmp_path: Path) -> None:
    study = running.asked_for(str(study_file), objective="beta_vae", beta="1,2.5", seeds=3, steps=7)
    assert [(o.name, o.hyperparameters) for o in study.objectives] == [
        ("beta_vae", {"beta": (1.0, 2.5)})
    ]
    assert (study.seeds, study.training.steps) == ((0, 1, 2), 7)
    assert running.plan(study, out=tmp_path / "o", device="cpu").directory == tmp_path / "o"


@pytest.mark.usefixtures("quick_evaluation")
def test_failed_run_is_told_and_exits_with_1(
    disbench: Command, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = finishing.TRAIN["cpu"]

    def train(run: Any, *arguments: Any, **options: Any) -> Any:
        if run.objective == "ae":
            raise RuntimeError("[red]no[/] autoencoders")
        return real(run, *arguments, **options)

    monkeypatch.setitem(finishing.TRAIN, "cpu", train)
    out = tmp_path / "out"
    called = disbench("run", study_file, "--out", out, "--seeds", 1, "--jobs", 1, "--device", "cpu")
    assert called.code == 1
    first, second = called.errors.splitlines()
    assert first == "failed: ae, seed 0: RuntimeError: [red]no[/] autoencoders"
    [trace] = (out / "failures").iterdir()
    assert second == f"  traceback: {trace}"
    assert len(read_csv("scores", out)) > 0


def test_interruption_exits_with_130(
    disbench: Command, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setitem(finishing.TRAIN, "cpu", train)
    out = tmp_path / "out"
    called = disbench("run", study_file, "--out", out, "--jobs", 1, "--device", "cpu")
    assert called.code == 130
    assert called.errors == (
        "interrupted: finished runs and checkpoints are kept; the same command goes on from there\n"
    )
    assert not list((out / "runs").iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--beta", "1,,4"), "--beta '1,,4': expected numbers with commas, such as 1,4"),
        (("--beta", "nan"), "objectives[1].beta[0]: got nan"),
        (("--seeds", "0"), "seeds: got 0; a study has 1 to 100,000 seeds"),
        (("--steps", "-1"), "training.steps: got -1"),
        (("--device", "tpu"), "there is no device 'tpu'; expected one of auto, cpu, cuda"),
        (("--jobs", "0"), "'--jobs'"),
        (("--steps", "1e3"), "'--steps'"),
    ],
)
def test_bad_option_exits_with_2_and_starts_nothing(
    options: tuple[str, str], message: str, disbench: Command, study_file: Path, tmp_path: Path
) -> None:
    called = disbench("run", study_file, "--out", tmp_path / "out", *options)
    assert called.code == 2
    assert message in " ".join(called.errors.replace("\u2502", " ").split())
    assert called.output == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("quick_evaluation")
def test_tensorboard_gets_a_folder_a_run(
    disbench: Command, study_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("--seeds", 1, "--jobs", 1, "--device", "cpu", "--quiet", "--tensorboard")
    assert disbench("run", study_file, "--out", out, *arguments) == (0, "", "")
    names = {folder.path.name for folder in Store(out).finished()}
    assert {path.name for path in (out / "tensorboard").iterdir()} == names
    assert all(list(path.iterdir()) for path in (out / "tensorboard").iterdir())


def test_tensorboard_that_is_not_installed_exits_with_2(
    disbench: Command, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    called = disbench("run", study_file, "--out", tmp_path / "out", "--tensorboard")
    assert (called.code, called.output) == (2, "")
    assert "pip install 'disbench[tensorboard]'" in called.errors
    assert not (tmp_path / "out").exists()


def test_directory_of_another_kind_exits_with_2(
    disbench: Command, study_file: Path, tmp_path: Path
) -> None:
    Store(tmp_path / "out").open_for(load_study(study_file))
    called = disbench("run", study_file, "--out", tmp_path / "out", "--steps", 3)
    assert called.code == 2
    assert "  training.steps: 2 there, 3 asked for\n" in called.errors


@pytest.mark.usefixtures("quick_evaluation")
def test_quiet_prints_only_errors(
    disbench: Command, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("run", study_file, "--seeds", 1, "--jobs", 1, "--device", "cpu", "--quiet")
    called = disbench(*arguments, "--out", tmp_path / "good")
    assert called == (0, "", "")
    monkeypatch.setitem(finishing.TRAIN, "cpu", _no_training)
    called = disbench(*arguments, "--out", tmp_path / "bad")
    assert (called.code, called.output) == (1, "")
    assert called.errors.startswith("failed: ae, seed 0: RuntimeError: no training today\n")
    assert len(read_csv("runs", tmp_path / "good")) == 2


@pytest.mark.usefixtures("quick_evaluation")
def test_json_is_an_object_a_line(
    disbench: Command, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = finishing.TRAIN["cpu"]

    def train(run: Any, *arguments: Any, **options: Any) -> Any:
        return (real if run.objective == "ae" else _no_training)(run, *arguments, **options)

    monkeypatch.setitem(finishing.TRAIN, "cpu", train)
    out = tmp_path / "out"
    arguments = ("--seeds", 1, "--jobs", 1, "--device", "cpu", "--json")
    called = disbench("run", study_file, "--out", out, *arguments)
    assert called.code == 1
    assert called.errors.startswith("failed: beta_vae, beta 4, seed 0: RuntimeError: no training")
    started, first, second, finished = map(_strict_json, called.output.splitlines())
    assert started == {
        "event": "started",
        "study": "tiny",
        "directory": str(out),
        "runs": 2,
        "to_do": 2,
        "device": "cpu",
        "precision": "fp32",
        "jobs": 1,
    }
    [folder] = Store(out).finished()
    assert first.pop("seconds") > 0
    assert first == {
        "event": "ended",
        "run": folder.path.name,
        "label": "ae, seed 0",
        "status": "done",
        "error": None,
    }
    assert (second["label"], second["status"]) == ("beta_vae, beta 4, seed 0", "failed")
    assert second["error"] == "RuntimeError: no training today"
    assert (finished["event"], finished["done"], finished["failed"]) == ("finished", 1, 1)
    assert finished["directory"] == str(out)
    assert finished["report"] == str(out / "report.html")
    autoencoder, beta_vae = finished["headline"]
    summary = read_csv("summary", out)
    [mean] = summary[summary["protocol"] == "mig/exact"]["mean"]
    assert autoencoder["means"] == {"mig/exact": mean}
    assert autoencoder["reconstruction"] == read_csv("runs", out)["reconstruction"][0]
    assert autoencoder["beta"] is autoencoder["hyperparameters"] is autoencoder["kl"] is None
    assert beta_vae == {
        "setting": "beta 4",
        "source": "out",
        "model": "beta_vae",
        "beta": 4,
        "hyperparameters": "beta=4",
        "n": 0,
        "reconstruction": None,
        "kl": None,
        "active_dimensions": None,
        "means": {"mig/exact": None},
    }


@pytest.mark.parametrize(
    "options", [("--quiet", "--json"), ("--json", "--dry-run"), ("--quiet", "--dry-run")]
)
def test_ways_to_print_exclude_each_other(
    options: tuple[str, str], disbench: Command, study_file: Path, tmp_path: Path
) -> None:
    called = disbench("run", study_file, "--out", tmp_path / "out", *options)
    assert (called.code, called.output) == (2, "")
    assert f"{options[0]} and {options[1]}: give one of them alone" in called.errors
    assert not (tmp_path / "out").exists()


def test_bars_are_drawn_on_a_terminal_only(
    disbench: Command, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []

    def execute(*_: Any, display: object, **__: Any) -> None:
        shown.append(display)
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "execute_plan", execute)
    disbench("run", study_file, "--out", tmp_path / "out")
    assert [type(display).__name__ for display in shown] == ["Lines"]
