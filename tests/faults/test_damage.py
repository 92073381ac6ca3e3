"""Files that are not as they were written: named, set aside, and made again by the same command."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from command_line import until
from end_state import leftovers
from under_way import checkpoints, reached, step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Bench


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    """Turn one bit in the middle: the size stays."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _leave_at_checkpoints(bench: Bench) -> list[Path]:
    """Kill a command of one job, and tell its two checkpoints, the last one first."""
    command = bench.start("--jobs", "1", faults="slow:0.02")
    until(lambda: reached(bench.out, "ae", 20))
    command.signal(signal.SIGKILL)
    command.wait()
    return checkpoints(bench.out, "ae")


def _set_aside(bench: Bench) -> set[str]:
    """What was set aside; in a folder, the files of it."""
    damaged = bench.out / "damaged"
    return {str(path.relative_to(damaged)) for path in damaged.rglob("*") if path.is_file()}


@pytest.mark.parametrize("harm", [pytest.param(_truncate, marks=pytest.mark.faults), _flip])
def test_damaged_checkpoint_gives_way_to_the_one_before(
    bench: Bench, harm: Callable[[Path], None]
) -> None:
    last, before = _leave_at_checkpoints(bench)
    harm(last)
    ended = bench.run("--jobs", "1")
    bench.check_as_undisturbed(ended)
    assert bench.starts["ae"] == [0, step(before)]
    assert last.name in ended.output
    [aside] = (bench.out / "damaged").rglob("checkpoint-*")
    assert aside.name.startswith(last.name) or str(aside.parent.name) in ended.output


def test_run_without_a_sound_checkpoint_begins_again(bench: Bench) -> None:
    last, before = _leave_at_checkpoints(bench)
    _truncate(last)
    _flip(before)
    ended = bench.run("--jobs", "1")
    bench.check_as_undisturbed(ended)
    assert bench.starts["ae"] == [0, 0]
    assert last.name in ended.output
    assert before.name in ended.output


@pytest.mark.parametrize(
    "name",
    [
        "codes.h5",
        *(pytest.param(n, marks=pytest.mark.faults) for n in ("details.h5", "pictures.h5")),
    ],
)
def test_truncated_file_of_scores_is_made_again_without_training(bench: Bench, name: str) -> None:
    bench.finish()
    _truncate(bench.run_folder("beta_vae") / name)
    ended = bench.run("--jobs", "1")
    bench.check_as_undisturbed(ended)
    assert bench.starts == {}
    assert f"{name}: " in ended.output
    assert any(name in path for path in _set_aside(bench))


@pytest.mark.parametrize(
    ("name", "trained"), [("training.json", {"beta_vae": [0]}), ("evaluation.json", {})]
)
def test_flipped_record_is_not_believed(
    bench: Bench, name: str, trained: dict[str, list[int]]
) -> None:
    bench.finish()
    _flip(bench.run_folder("beta_vae") / name)
    ended = bench.run("--jobs", "1")
    bench.check_as_undisturbed(ended)
    assert bench.starts == trained
    assert f"{name}: " in ended.output
    assert any(name in path for path in _set_aside(bench))


@pytest.mark.parametrize(
    ("name", "trained"),
    [
        ("model.safetensors", {"beta_vae": [0]}),
        pytest.param("losses.csv", {"beta_vae": [0]}, marks=pytest.mark.faults),
        pytest.param("codes.h5", {}, marks=pytest.mark.faults),
    ],
)
def test_check_finds_a_flipped_bit_and_run_makes_the_file_again(
    bench: Bench, name: str, trained: dict[str, list[int]]
) -> None:
    bench.finish()
    _flip(bench.run_folder("beta_vae") / name)
    checked = bench.tell("check", bench.out)
    assert checked.code == 1
    assert f"{name}: its checksum" in checked.output
    assert "`disbench run` does again what was set aside" in checked.output
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
    assert bench.starts == trained
    assert bench.tell("check", bench.out).code == 0


def test_flipped_weights_are_not_scored(bench: Bench) -> None:
    """A protocol that is new to a run reads its weights: they have to be those that were scored."""
    bench.finish()
    _flip(bench.run_folder("beta_vae") / "model.safetensors")
    bench.change_study('["mig/exact"]', '["mig/exact", "irs/suter2019"]')
    ended = bench.run("--jobs", "1")
    assert ended.code == 0, ended.output
    assert "model.safetensors: its checksum" in ended.output
    assert bench.starts == {"beta_vae": [0]}
    assert leftovers(bench.out) == []
    weights = bench.run_folder("beta_vae") / "model.safetensors"
    [expected] = bench.reference.glob(f"runs/beta_vae-*/{weights.name}")
    assert weights.read_bytes() == expected.read_bytes()


@pytest.mark.faults
def test_report_leaves_out_a_run_with_flipped_losses(bench: Bench) -> None:
    bench.finish()
    _flip(bench.run_folder("beta_vae") / "losses.csv")
    ended = bench.tell("report", bench.out)
    assert ended.code == 0, ended.output
    assert "losses.csv: its checksum" in ended.output
    assert "1 run of the study is missing" in ended.output
    assert "beta_vae" not in (bench.out / "scores.csv").read_text("utf-8")
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
