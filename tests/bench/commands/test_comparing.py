"""`disbench compare` makes one report of several directories, and leaves these as they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from disbench.columns import COLUMNS
from disbench.report import build
from disbench.store import Store
from disbench.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    Command = Callable[..., Any]
    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

MIG, IRS = "mig/exact", "irs/suter2019"
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}


@pytest.fixture
def directories(
    tmp_path: Path,
    make_run: MakeRun,
    write_run: WriteRun,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Path, Path]:
    """The same beta in two directories, one of which ran it longer and has an autoencoder."""
    monkeypatch.chdir(tmp_path)
    new, old = (Store(tmp_path / name / "quick") for name in ("after", "before"))
    for seed in (0, 1):
        write_run(new, make_run(seed=seed, steps=8), {MIG: 0.5 + 0.25 * seed})
        write_run(old, make_run(seed=seed), {MIG: 0.25 + 0.25 * seed, IRS: 0.5})
    write_run(old, make_run(**AE), {MIG: 0.125})
    return new.directory, old.directory


def _files(*directories: Path) -> dict[Path, tuple[bytes, int]]:
    paths = [path for one in directories for path in one.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def test_directories_are_compared_in_one_report(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    called = disbench("compare", *directories, "--out", tmp_path / "out")
    assert (called.code, called.errors) == (0, "")
    lines = called.output.splitlines()
    text = " ".join(called.output.split())
    assert text.startswith(
        "The directories share 1 score of a setting by a protocol; 0 of these can be compared; "
        "the directories differ in steps."
    )
    assert [line.split() for line in lines if line.startswith(("after", "before"))] == [
        ["after/quick:", "beta", "4", "2", "100.5", "1.8", "0.625", "\u2013"],
        ["before/quick:", "ae", "1", "100.5", "\u2013", "0.125", "\u2013"],
        ["before/quick:", "beta", "4", "2", "100.5", "1.8", "0.375", "0.500"],
    ]
    assert lines[-2:] == [
        f"tables and figures: {tmp_path / 'out'}/",
        f"report: {tmp_path / 'out'}/report.html",
    ]


def test_tables_name_the_directory_of_each_row(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    disbench("compare", *directories, "--out", out)
    expected = {"after/quick", "before/quick"}
    for name in ("runs", "scores", "summary", "objectives", "dimensions"):
        assert set(read_csv(name, out)["source"]) == expected, name
    summary = read_csv("summary", out)
    means = summary[summary["protocol"].eq(MIG)].set_index("source")["mean"]
    assert means["after/quick"] == 0.625
    assert means["before/quick"].tolist() == [0.125, 0.375]
    assert {path.stem for path in out.glob("*.csv")} == {*COLUMNS, "comparable"}
    assert (out / "report.html").is_file()
    assert (out / "figures" / "headline.png").is_file()


def test_rows_that_both_have_say_what_differs(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    disbench("compare", *directories, "--out", tmp_path / "out")
    rows = pd.read_csv(tmp_path / "out" / "comparable.csv", dtype={"setting": "str"})
    [row] = rows.to_dict("records")
    assert row == {
        "model": "beta_vae",
        "beta": 4.0,
        "hyperparameters": "beta=4",
        "representation": "mean",
        "protocol": MIG,
        "comparable": False,
        "differs": "steps (8 in after/quick, 4 in before/quick)",
        "setting": "4",
    }


def test_directories_of_one_kind_can_be_compared(
    disbench: Command, tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    for name in ("one", "two"):
        write_run(Store(tmp_path / name), make_run(), {MIG: 0.5, IRS: 0.25})
    called = disbench(
        "compare", tmp_path / "one", tmp_path / "two", "--out", tmp_path / "deep" / "out"
    )
    assert " ".join(called.output.split()).startswith(
        "The directories share 2 scores of a setting by a protocol; 2 of these can be compared."
    )
    rows = pd.read_csv(tmp_path / "deep" / "out" / "comparable.csv")
    assert rows["comparable"].tolist() == [True, True]
    assert rows["differs"].isna().all()
    assert set(read_csv("runs", tmp_path / "deep" / "out")["source"]) == {"one", "two"}


def test_directories_are_left_as_they_are(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    before = _files(*directories)
    disbench("compare", *directories, "--out", tmp_path / "out")
    assert _files(*directories) == before
    assert not (tmp_path / "out" / "runs").exists()


def test_comparison_is_made_anew_with_the_same_bytes(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    written = []
    for _ in range(2):
        disbench("compare", *directories, "--out", tmp_path / "out")
        written.append({path: bits for path, (bits, _) in _files(tmp_path / "out").items()})
    assert written[0] == written[1]


def test_comparison_goes_below_the_working_directory(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    called = disbench("compare", *directories)
    assert called.output.splitlines()[-1] == "report: results/comparison/report.html"
    assert (tmp_path / "results" / "comparison" / "report.html").is_file()


def test_one_directory_is_not_compared(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    called = disbench("compare", directories[0], "--out", tmp_path / "out")
    assert (called.code, called.output) == (2, "")
    assert called.errors == "error: got 1 directory; compare takes two or more\n"
    assert not (tmp_path / "out").exists()


def test_directory_without_results_is_refused(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    called = disbench("compare", directories[0], tmp_path / "nowhere", "--out", tmp_path / "out")
    assert (called.code, called.output) == (2, "")
    assert called.errors.startswith(f"error: {tmp_path / 'nowhere'} is no results directory: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("other", ["before/../after/quick", "link"])
def test_directory_given_twice_is_refused(
    other: str, disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    """However it is written."""
    (tmp_path / "link").symlink_to(directories[0])
    called = disbench("compare", "after/quick", "before/quick", other, "--out", tmp_path / "out")
    assert (called.code, called.output) == (2, "")
    assert called.errors == "error: after/quick is given twice; name each directory once\n"
    assert not (tmp_path / "out").exists()


def test_directory_of_runs_is_no_place_for_a_comparison(
    disbench: Command, directories: tuple[Path, Path]
) -> None:
    before = _files(*directories)
    called = disbench("compare", *directories, "--out", directories[1])
    assert (called.code, called.output) == (2, "")
    assert called.errors == (
        f"error: {directories[1]} holds runs of its own; choose another --out for the comparison\n"
    )
    assert _files(*directories) == before


@pytest.mark.parametrize("below", ["comparison", "runs"])
def test_comparison_does_not_go_into_what_it_compares(
    below: str, disbench: Command, directories: tuple[Path, Path]
) -> None:
    before = _files(*directories)
    write_to = directories[0] / below / "out"
    called = disbench("compare", *directories, "--out", write_to)
    assert (called.code, called.output) == (2, "")
    assert called.errors == (
        f"error: {write_to} lies in a directory that is compared; choose another --out\n"
    )
    assert _files(*directories) == before
    assert not write_to.exists()


@pytest.mark.parametrize(
    ("out", "reason"), [("file", "File exists"), ("file/below", "Not a directory")]
)
def test_place_that_cannot_be_written_is_refused(
    out: str, reason: str, disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    called = disbench("compare", *directories, "--out", out)
    assert (called.code, called.output) == (2, "")
    assert called.errors == f"error: cannot write to {out} ({reason}); choose another --out\n"


def test_names_are_the_shortest_that_tell_directories_apart(
    disbench: Command,
    directories: tuple[Path, Path],
    tmp_path: Path,
    make_run: MakeRun,
    write_run: WriteRun,
) -> None:
    """Two of three end alike, so that all have a part more."""
    third = tmp_path / "elsewhere" / "third"
    write_run(Store(third), make_run(), {MIG: 0.5})
    called = disbench("compare", *directories, third, "--out", tmp_path / "out")
    assert called.code == 0
    sources = set(read_csv("runs", tmp_path / "out")["source"])
    assert sources == {"after/quick", "before/quick", "elsewhere/third"}


def test_directory_without_a_finished_run_is_refused(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "third" / "runs" / ".partial-x@host@1").mkdir(parents=True)
    called = disbench("compare", *directories, tmp_path / "third", "--out", tmp_path / "out")
    assert (called.code, called.output) == (2, "")
    assert called.errors == (
        f"error: {tmp_path / 'third'} holds no finished run; there is nothing to compare\n"
    )
    assert not (tmp_path / "out").exists()


def test_directory_of_other_things_is_not_written_over(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "summary.csv").write_text("mine")
    called = disbench("compare", *directories, "--out", out)
    assert (called.code, called.output) == (2, "")
    assert called.errors == (
        f"error: {out} is not empty, and holds no earlier comparison (no comparable.csv); "
        "choose another --out\n"
    )
    assert [path.read_text() for path in out.iterdir()] == ["mine"]


def test_comparison_that_is_cut_short_is_known_as_one(
    disbench: Command,
    directories: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever was written, the table that a comparison is known by was written first."""
    written: list[str] = []

    def interrupted(name: str, frame: pd.DataFrame, directory: Path) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(name)
        frame.to_csv(directory / f"{name}.csv", index=False)

    monkeypatch.setattr(build, "write_csv", interrupted)
    disbench("compare", *directories, "--out", tmp_path / "out")
    assert written == ["comparable"]


def test_place_that_leads_nowhere_is_refused(
    disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for out, reason in (("loop", "ymlink loop"), ("n" * 5000, "File name too long")):
        called = disbench("compare", *directories, "--out", out)
        assert (called.code, called.output) == (2, "")
        assert called.errors.startswith(f"error: cannot write to {out} (")
        assert reason in called.errors
        assert called.errors.endswith("); choose another --out\n")


@pytest.mark.parametrize("name", ["loop", "file", "n" * 5000])
def test_directory_that_leads_nowhere_is_refused(
    name: str, disbench: Command, directories: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").touch()
    called = disbench("compare", directories[0], name)
    assert (called.code, called.output) == (2, "")
    assert called.errors.startswith(f"error: {name} is no results directory")


def test_names_that_are_no_text_are_compared(
    disbench: Command, tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    folders = [tmp_path / os.fsdecode(name) for name in (b"caf\xe9", b"a\nb")]
    for folder in folders:
        write_run(Store(folder), make_run(), {MIG: 0.5})
    called = disbench("compare", *folders, "--out", tmp_path / os.fsdecode(b"\xff"))
    assert (called.code, called.errors) == (0, "")
    assert called.output.splitlines()[-1] == f"report: {tmp_path}/\\udcff/report.html"
    out = tmp_path / os.fsdecode(b"\xff")
    assert set(read_csv("runs", out)["source"]) == {"caf\\udce9", "a\\nb"}
    table = (out / "headline.md").read_text().splitlines()
    assert [line.split("|")[1].strip() for line in table[4:]] == [
        "a\\nb: beta 4",
        "caf\\udce9: beta 4",
    ]
