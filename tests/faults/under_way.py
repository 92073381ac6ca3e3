"""What a results directory shows of the runs that are under way in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def checkpoints(directory: Path, objective: str) -> list[Path]:
    """The checkpoints of the run of an objective, the last one first."""
    found = directory.glob(f"unfinished/{objective}-*/checkpoint-*.safetensors")
    return sorted(found, reverse=True)


def step(checkpoint: Path) -> int:
    """The step of a checkpoint."""
    return int(checkpoint.name.split("-")[1])


def reached(directory: Path, objective: str, least: int) -> bool:
    """Whether the run of an objective has a checkpoint and one before it, at this step or later."""
    found = checkpoints(directory, objective)
    return len(found) > 1 and step(found[0]) >= least


def owner(directory: Path, objective: str) -> int:
    """The process that works on the run of an objective."""
    [lock] = directory.glob(f"unfinished/{objective}-*.lock")
    fields = dict(line.split("=") for line in lock.read_text("ascii").split()[1:])
    return int(fields["pid"])


def starts(folder: Path) -> dict[str, list[int]]:
    """The steps from which each objective was trained on, as the fault `noted` tells."""
    found: dict[str, list[int]] = {}
    for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        objective, first, _ = path.name.split("@")
        found.setdefault(objective, []).append(int(first))
    return found
