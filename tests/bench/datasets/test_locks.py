"""One process at a time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from disbench.datasets.locks import locked

if TYPE_CHECKING:
    from pathlib import Path

TAKE = """
import fcntl, sys
with open(sys.argv[1] + ".lock", "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""


def can_be_taken_elsewhere(path: Path) -> bool:
    command = [sys.executable, "-c", TAKE, str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def test_lock_holds_in_other_processes_until_the_block_ends(tmp_path: Path) -> None:
    with locked(tmp_path / "file"):
        assert not can_be_taken_elsewhere(tmp_path / "file")
    assert can_be_taken_elsewhere(tmp_path / "file")


def test_block_runs_where_there_can_be_no_lock(tmp_path: Path) -> None:
    with locked(tmp_path / "missing" / "file"):
        pass
