"""`disbench reproduce` runs what fits, says what it cut, and goes on where it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from disbench.commands import reproducing
from disbench.reproductions import reproduction
from disbench.reproductions.slicing import Costs
from disbench.study_files import load_study, to_toml
from disbench.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.study import Study

    Command = Callable[..., Any]

PUBLISHED = """
title = "A paper"
differences = ["Ours is tiny."]

[[tables]]
quantity = "mig/exact"
source = "A paper, table 1"
tolerance = 0.05
conditions = { steps = 400 }
rows = [
    { label = "four", model = "beta_vae", hyperparameters = "beta=4", values = [0.5] },
    { label = "GAN", values = [0.9], from_memory = true },
]
"""


@pytest.fixture
def reproducible(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study `paper` of which something is published, on a machine of known costs."""
    path = tmp_path / "paper.toml"
    study = make_study(
        name="paper",
        seeds=5,
        objectives=[{"name": "beta_vae", "beta": [1, 4]}],
        training={"steps": 400, "batch_size": 8},
        evaluation={"grid": "tiny", "protocols": ["mig/exact", "beta_vae/locatello2019"]},
    )
    path.write_text(to_toml(study), "utf-8")
    known = reproduction.Reproduction.model_validate(reproduction.tomllib.loads(PUBLISHED))
    for module in ("disbench.commands.reproducing", "disbench.report.published"):
        monkeypatch.setattr(f"{module}.reproduction", {"paper": known}.get)
    monkeypatch.setattr(
        "disbench.commands.running.load_study", lambda name: load_study(tmp_path / f"{name}.toml")
    )
    costs = Costs(step={"beta_vae": 0.1}, beside_steps={"beta_vae": 1})
    monkeypatch.setattr(reproducing, "measure_costs", lambda _, **__: costs)


def _reproduce(disbench: Command, out: Path, *more: object) -> Any:
    arguments = ("--out", out, "--jobs", 1, "--device", "cpu", *more)
    return disbench("reproduce", "paper", *arguments)


@pytest.mark.usefixtures("reproducible", "quick_evaluation")
def test_part_that_fits_is_run_and_compared(disbench: Command, tmp_path: Path) -> None:
    """3 seeds of 0.1 s a step and 1 s beside, in 36.6 s: 110 steps."""
    out = tmp_path / "out"
    called = _reproduce(disbench, out, "--minutes", 0.61)
    assert called.code == 0
    assert called.errors.splitlines()[:5] == [
        "measuring what a run costs here ...",
        "paper: about 36 s of the 37 s there are",
        "  cut settings: without beta_vae, beta 1",
        "  cut seeds: 3 of 5",
        "  cut steps: 110 of 400",
    ]
    lines = called.output.splitlines()
    assert "mig/exact (A paper, table 1)" in lines
    [four] = [line.split() for line in lines if line.strip().startswith("four")]
    assert (four[1], four[3], four[-2:]) == ("0.500", "3", ["not", "comparable"])
    [gan] = [line for line in lines if line.strip().startswith("GAN")]
    assert gan.split()[:6] == ["GAN", "0.900", "[mem]", "\u2013", "0", "\u2013"]
    assert gan.endswith("not in disbench")
    assert "not comparable (four): steps 110, not 400" in lines
    assert all(len(line) <= 80 for line in lines if "[mem]" in line)
    frame = read_csv("runs", out)
    assert (len(frame), set(frame["steps"])) == (3, {110})
    assert (out / "published.csv").is_file()


@pytest.mark.usefixtures("reproducible", "quick_evaluation")
def test_begun_part_goes_on_as_it_is(disbench: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _reproduce(disbench, out, "--minutes", 0.61)
    called = _reproduce(disbench, out, "--minutes", 100, "--json")
    assert called.errors.startswith(f"goes on with the part of paper that {out} was begun with")
    events = [json.loads(line) for line in called.output.splitlines()]
    assert events[0]["to_do"] == 0
    rows = events[-1]["published"]
    assert [(row["label"], row["verdict"]) for row in rows] == [
        ("four", "not comparable"),
        ("GAN", "not in disbench"),
    ]
    assert rows[1]["ours"] is None


@pytest.mark.usefixtures("reproducible", "quick_evaluation")
def test_quiet_says_nothing(disbench: Command, tmp_path: Path) -> None:
    called = _reproduce(disbench, tmp_path / "out", "--minutes", 0.61, "--quiet")
    assert (called.code, called.output, called.errors) == (0, "", "")


@pytest.mark.usefixtures("reproducible")
def test_too_little_time_starts_nothing(disbench: Command, tmp_path: Path) -> None:
    called = _reproduce(disbench, tmp_path / "out", "--minutes", 0.1)
    assert called.code == 2
    assert "6 s are too few for paper: 3 seeds and 100 steps take" in called.errors
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("reproducible", "quick_evaluation")
@pytest.mark.parametrize("narrower", [("--seeds", 1), ("--steps", 5)])
def test_directory_of_something_else_is_left_alone(
    disbench: Command, tmp_path: Path, narrower: tuple[str, int]
) -> None:
    out = tmp_path / "out"
    _reproduce(disbench, out, "--minutes", 0.61)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    called = _reproduce(disbench, out, *narrower)
    assert called.code == 2
    assert "was begun with paper, 3 runs of 110 steps, which is no part of" in called.errors
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_unknown_name_is_refused(disbench: Command) -> None:
    called = disbench("reproduce", "quick")
    assert called.code == 2
    assert "nothing is published of a study 'quick'" in called.errors
    assert "higgins2017, locatello2019, tradeoff, tradeoff_capacity, tradeoff_conv" in called.errors
