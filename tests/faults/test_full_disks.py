"""A disk without room, or one that cannot be written: said with what to do, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Bench

NO_ROOM = "No space left on device"
FREE_SOME = "free some space"
GO_ON = "the same command goes on from there"

PLACES = {
    "a checkpoint": "disk_full:checkpoint-*:2",
    "the weights": "disk_full:model.safetensors*:1",
    "the scores": "disk_full:evaluation.json*:1",
    "the second run": "disk_full:progress.json*:6",
    "the name of a finished run": "publishing_fails",
    "a table": "disk_full:scores.csv*:1",
}

OFTEN = ("a checkpoint", "the name of a finished run", "a table")
"""Those that every test run takes the time for."""


@pytest.fixture
def mount(bench: Bench) -> Iterator[Callable[..., None]]:
    """Mount something at the results directory; skips where that is not allowed."""

    def mount(*arguments: str) -> None:
        done = subprocess.run(  # noqa: S603
            ["mount", *arguments, bench.out],  # noqa: S607
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")
        mounted.append(arguments)

    mounted: list[tuple[str, ...]] = []
    if shutil.which("mount") is None:
        pytest.skip("there is no mount")
    bench.out.mkdir()
    yield mount
    if mounted:
        subprocess.run(["umount", "--lazy", bench.out], check=True)  # noqa: S603, S607


@pytest.mark.parametrize(
    "place",
    [*OFTEN, *(pytest.param(p, marks=pytest.mark.faults) for p in PLACES if p not in OFTEN)],
)
def test_no_room(bench: Bench, place: str) -> None:
    ended = bench.run("--jobs", "1", faults=PLACES[place])
    _check_said(ended.code, ended.output)
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


@pytest.mark.faults
def test_no_room_for_workers(bench: Bench) -> None:
    ended = bench.run("--jobs", "2", faults="disk_full:checkpoint-*:2")
    _check_said(ended.code, ended.output)
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


@pytest.mark.parametrize("megabytes", [8, pytest.param(15, marks=pytest.mark.faults)])
def test_full_disk(bench: Bench, mount: Callable[..., None], megabytes: int) -> None:
    """There is room for one checkpoint, or for two and not for weights beside them."""
    mount("-t", "tmpfs", "-o", f"size={megabytes}m", "none")
    ended = bench.run("--jobs", "1")
    _check_said(ended.code, ended.output)
    mount("-o", "remount,size=200m")
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


def test_read_only_disk(bench: Bench, mount: Callable[..., None]) -> None:
    mount("--bind", str(bench.out))
    mount("-o", "remount,bind,ro")
    ended = bench.run("--jobs", "1")
    assert ended.code == 2
    assert f"cannot write to {bench.out} (Read-only file system)" in ended.output
    assert "choose another --out" in ended.output
    mount("-o", "remount,bind,rw")
    bench.check_as_undisturbed(bench.run("--jobs", "1"))


def test_folder_of_another_user(bench: Bench) -> None:
    """Root may write everywhere unless that is taken from it."""
    bench.finish()
    shutil.rmtree(bench.run_folder("ae"))
    runs = bench.out / "runs"
    runs.chmod(0o555)
    ended = bench.run("--jobs", "1", before=_as_others())
    runs.chmod(0o755)
    assert ended.code == 1, ended.output
    assert "(Permission denied); make it writable for you" in ended.output
    assert "Traceback" not in ended.output
    bench.check_as_undisturbed(bench.run("--jobs", "1"))
    assert bench.starts == {"ae": [0]}


def _check_said(code: int, output: str) -> None:
    assert code == 1, output
    assert NO_ROOM in output
    assert FREE_SOME in output
    assert GO_ON in output
    assert "Traceback" not in output


def _as_others() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv, and root may write everywhere")
    rights = "-dac_override,-dac_read_search"
    return ("setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}")
