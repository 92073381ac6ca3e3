"""`disbench score` gives what `disbench.score` gives, from files that cannot run code."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from disbench.dsprites import FULL, GRIDS
from disbench.scoring import score

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Command = Callable[..., Any]

LABELS = GRIDS["tiny"].labels()
CODES: NDArray[np.float64] = LABELS + np.random.default_rng(0).normal(size=LABELS.shape)


def _saved(folder: Path, suffix: str) -> tuple[Path, Path]:
    codes, factors = folder / f"codes{suffix}", folder / f"factors{suffix}"
    for path, array in ((codes, CODES), (factors, LABELS)):
        if suffix == ".npy":
            np.save(path, array)
        else:
            np.savez(path, array=array)
    return codes, factors


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_files_score_as_their_arrays(suffix: str, disbench: Command, tmp_path: Path) -> None:
    codes, factors = _saved(tmp_path, suffix)
    table = tmp_path / "scores.csv"
    called = disbench(
        "score", codes, "--factors", factors, "--protocol", "mig/exact", "--out", table
    )
    assert (called.code, called.errors) == (0, "")
    expected = score(CODES, LABELS, protocols=["mig/exact"])
    found = pd.read_csv(table)
    for name in ("value", "floor", "ceiling", "n_points", "seed"):
        assert found[name].tolist() == expected[name].tolist()
    numbers = [f"{expected[name][0]:.4f}" for name in ("value", "floor", "ceiling")]
    [line] = [line for line in called.output.splitlines() if line.startswith("mig/exact")]
    assert line.split()[1:4] == numbers


def test_protocols_and_seed_are_those_asked_for(disbench: Command, tmp_path: Path) -> None:
    codes, factors = _saved(tmp_path, ".npy")
    names = ["irs/suter2019", "mig/exact"]
    options = [option for name in names for option in ("--protocol", name)]
    table = tmp_path / "scores.csv"
    called = disbench("score", codes, "--factors", factors, *options, "--seed", 7, "--out", table)
    assert called.code == 0
    found = pd.read_csv(table)
    assert found["protocol"].tolist() == names
    assert set(found["seed"]) == {7}
    assert (
        found["floor"].tolist() == score(CODES, LABELS, protocols=names, seed=7)["floor"].tolist()
    )


def test_codes_without_factors_are_dsprites(disbench: Command, tmp_path: Path) -> None:
    np.save(tmp_path / "codes.npy", FULL.labels()[:, 1:3].astype(np.uint8))
    called = disbench("score", tmp_path / "codes.npy", "--protocol", "mig/exact")
    assert called.code == 0
    # Scale is told in full, orientation up to the 20 bins that its 40 values share.
    expected = (1 + np.log(20) / np.log(40)) / 5
    [line] = [line for line in called.output.splitlines() if line.startswith("mig/exact")]
    assert float(line.split()[1]) == pytest.approx(expected, abs=0.005)


def test_other_codes_without_factors_are_refused(disbench: Command, tmp_path: Path) -> None:
    codes, _ = _saved(tmp_path, ".npy")
    called = disbench("score", codes)
    assert called.code == 2
    assert called.errors.startswith("error: there are 1,440 codes and no factors; ")


class Trap:
    """An object that leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.mark), "w"))


@pytest.mark.parametrize("suffix", [".npy", ".npz", "as .npy", "as .npz"])
@pytest.mark.parametrize("place", ["codes", "factors"])
def test_pickles_are_refused_and_not_run(
    suffix: str, place: str, disbench: Command, tmp_path: Path
) -> None:
    mark, path = tmp_path / "mark", tmp_path / f"trap{suffix.removeprefix('as ')}"
    trap = np.array([[Trap(mark)]], object)
    if suffix.startswith("as "):
        path.write_bytes(pickle.dumps(Trap(mark)))
    elif suffix == ".npy":
        np.save(path, trap, allow_pickle=True)
    else:
        np.savez(path, trap=trap)
    codes, _ = _saved(tmp_path, ".npy")
    files = (path, "--factors", codes) if place == "codes" else (codes, "--factors", path)
    called = disbench("score", *files, "--protocol", "mig/exact")
    assert called.code == 2
    assert called.errors.startswith("error: ")
    assert str(path) in called.errors
    assert "Traceback" not in called.errors
    assert not mark.exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (("nowhere.npy",), "there is no file"),
        (("notes.txt",), "notes.txt"),
        (("empty.npy",), "empty.npy"),
        (("several.npz",), "several arrays"),
        (("codes.npy", "--factors", "nowhere.npy"), "there is no file"),
        (("codes.npy", "--factors", "factors.npy", "--protocol", "x"), "no protocol is called 'x'"),
        (("codes.npy", "--factors", "short.npy"), "codes have 1,440 rows and factors 1,439"),
    ],
)
def test_what_cannot_be_scored_exits_with_2(
    files: tuple[str, ...],
    message: str,
    disbench: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _saved(tmp_path, ".npy")
    (tmp_path / "notes.txt").write_text("1 2 3")
    (tmp_path / "empty.npy").touch()
    np.savez(tmp_path / "several.npz", a=CODES, b=CODES)
    np.save(tmp_path / "short.npy", LABELS[1:])
    monkeypatch.chdir(tmp_path)
    called = disbench("score", *files)
    assert called.code == 2
    assert called.errors.startswith("error: ")
    assert message in called.errors
    assert "Traceback" not in called.errors


def test_place_that_cannot_be_written_is_named(disbench: Command, tmp_path: Path) -> None:
    codes, factors = _saved(tmp_path, ".npy")
    out = tmp_path / "nowhere" / "scores.csv"
    called = disbench("score", codes, "--factors", factors, "--protocol", "mig/exact", "--out", out)
    assert called.code == 2
    assert called.errors == (
        f"error: cannot write to {out} (No such file or directory); choose another place\n"
    )
