"""A run between two of its steps as a file, and back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - records are validated from it
from typing import TYPE_CHECKING

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from disbench.atomic import write_whole
from disbench.errors import DamagedError
from disbench.records import SCHEMA, Provenance, Record, Schema
from disbench.seals import read_sealed, seal
from disbench.training import Moment

if TYPE_CHECKING:
    from pathlib import Path

    from disbench.runs import Run

KEPT = 2
"""Checkpoints of a run that are kept: where the last one is damaged, the one before serves."""

_NAME = re.compile(r"checkpoint-[0-9]{15}-[0-9a-f]{64}\.safetensors")


class Sitting(Record):
    """Where and when a run has been trained so far; `seconds` are those of all sittings."""

    schema_version: Schema = SCHEMA
    identity: str
    started: datetime
    seconds: float
    provenance: Provenance
    earlier: tuple[Provenance, ...] = ()


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of a run in a folder; the name of each holds its step and its checksum.

    A checkpoint holds all that the rest of the run depends on: the weights, the state of the
    optimiser, the losses so far and the step, which is the state of all generators (seeds.py).
    """

    run: Run
    folder: Path

    def write(self, moment: Moment, sitting: Sitting) -> None:
        """Keep a moment, and of those before it the last."""
        tensors = {name: tensor.contiguous() for name, tensor in moment.tensors.items()}
        data = save(tensors, metadata={"disbench": sitting.model_dump_json()})
        name = f"checkpoint-{moment.step:015d}-{seal(data).sha256}.safetensors"
        write_whole(self.folder / name, data)
        for old in self.paths()[KEPT:]:
            old.unlink(missing_ok=True)

    def paths(self) -> list[Path]:
        """The files, the last one first."""
        found = self.folder.glob("checkpoint-*")
        return sorted((path for path in found if is_checkpoint(path.name)), reverse=True)

    def last_step(self) -> int:
        """The step of the last one, 0 if there is none."""
        return next((_step(path) for path in self.paths()), 0)

    def read(self, path: Path) -> tuple[Moment, Sitting]:
        """The moment in a file, and the sitting that it ended.

        Raises `DamagedError` for a file that is not as it was written, or is another run's.
        """
        data = read_sealed(path, None)
        if seal(data).sha256 != path.stem.split("-")[2]:
            raise DamagedError(path, "its checksum is that of another content")
        try:
            sitting = Sitting.model_validate_json(_metadata(data)["disbench"])
            moment = Moment(_step(path), load(data))
        except (SafetensorError, ValidationError, LookupError, ValueError, TypeError) as error:
            raise DamagedError(path, " ".join(str(error).split())) from None
        if sitting.identity != self.run.identity:
            raise DamagedError(path, f"it is that of another run than {self.run.id}")
        return moment, sitting


def is_checkpoint(name: str) -> bool:
    """Whether a file of this name holds a checkpoint."""
    return _NAME.fullmatch(name) is not None


def _metadata(data: bytes) -> dict[str, str]:
    """The texts in the header of the safetensors format, whose length comes first."""
    length = int.from_bytes(data[:8], "little")
    metadata: dict[str, str] = json.loads(data[8 : 8 + length])["__metadata__"]
    return metadata


def _step(path: Path) -> int:
    return int(path.name.split("-")[1])
