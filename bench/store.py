"""A results directory: the study, the runs that are finished, and those that failed."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from disbench.atomic import replacing
from disbench.errors import StoreError, StudyError
from disbench.records import Failure, GroupRecord
from disbench.run_folder import RunFolder, read_record, write_record
from disbench.study_files import load_study, to_toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from disbench.runs import Run
    from disbench.study import Study

PARTIAL = ".partial-"


@dataclass(frozen=True)
class Store:
    """``study.toml``, ``runs/<id>/`` and ``failures/<id>.json`` below one directory.

    A run's folder appears at once, when the run is trained and scored: it is written under a
    name that begins with ``.partial-`` and renamed.
    """

    directory: Path

    @property
    def runs(self) -> Path:
        """The folder of the runs' folders."""
        return self.directory / "runs"

    @property
    def failures(self) -> Path:
        """The folder of the records of failed runs."""
        return self.directory / "failures"

    def open_for(self, study: Study) -> None:
        """Make the directory ready for a study, whose file it will hold.

        Raises `StoreError` where the directory cannot be written.
        """
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            self.failures.mkdir(exist_ok=True)
            with replacing(self.directory / "study.toml") as path:
                path.write_text(to_toml(study), "utf-8")
        except OSError as error:
            raise StoreError(
                f"cannot write to {self.directory} ({error.strerror}); choose another --out"
            ) from None
        self._sweep()

    def study(self) -> Study | None:
        """The study that the directory was last opened for, None where there is none."""
        path = self.directory / "study.toml"
        if not path.is_file():
            return None
        try:
            return load_study(path)
        except StudyError as error:
            raise StoreError(f"{error}\nmend {path}, or move it away") from None

    def check_fits(self, study: Study) -> None:
        """Raise `StoreError` if the directory holds runs that the study's cannot be compared with.

        Studies that differ in more than their grid and protocols would share a table.
        """
        earlier = self.study()
        there, asked = _settings(earlier or study), _settings(study)
        different = [
            f"  {key}: {there[key]} there, {asked[key]} asked for"
            for key in there
            if there[key] != asked[key]
        ]
        if different:
            opening = f"{self.directory} holds runs of another kind; choose another --out:"
            raise StoreError("\n".join([opening, *different]))

    def folder(self, run: Run) -> RunFolder:
        """The folder of a run, there or not."""
        return RunFolder(self.runs / run.id)

    def finished(self) -> Iterator[RunFolder]:
        """The folders of all finished runs, in the order of their names."""
        if self.runs.is_dir():
            yield from (
                RunFolder(path)
                for path in sorted(self.runs.iterdir())
                if path.is_dir() and not path.name.startswith(PARTIAL)
            )

    def under_way(self) -> dict[str, RunFolder]:
        """The folders of the runs under way, by run id."""
        paths = self.runs.glob(f"{PARTIAL}*")
        return {_partial_id(path): RunFolder(path) for path in paths}

    @contextmanager
    def new(self, run: Run) -> Iterator[RunFolder]:
        """A folder to write a run to; it becomes the run's folder unless the block raises."""
        path = self.runs / f"{PARTIAL}{run.id}@{socket.gethostname()}@{os.getpid()}"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        try:
            yield (folder := RunFolder(path))
            folder.forget_progress()
            self._publish(path, run)
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def failed(self) -> dict[str, Failure]:
        """The failures that no later success has made void, by run id."""
        found = {path.stem: read_record(Failure, path) for path in self.failures.glob("*.json")}
        return {name: failure for name, failure in found.items() if failure is not None}

    def note_failure(self, failure: Failure) -> None:
        """Keep the record of a failure."""
        write_record(failure, self._failure(failure.run))

    def forget_failure(self, run: Run) -> None:
        """Remove the record of a failure, if there is one: the run has succeeded."""
        self._failure(run).unlink(missing_ok=True)

    def _publish(self, path: Path, run: Run) -> None:
        """Make this the run's folder, unless somebody else was faster, with the same bits."""
        there = self.folder(run)
        try:
            path.rename(there.path)
        except OSError as error:
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
                raise
            if there.training() is None:  # its record was moved away, to have the run done again
                shutil.rmtree(there.path)
                path.rename(there.path)

    def groups(self) -> list[GroupRecord]:
        """What was found of the runs of a setting together."""
        found = (read_record(GroupRecord, path) for path in sorted(self._groups.glob("*.json")))
        return [record for record in found if record is not None]

    def note_group(self, record: GroupRecord) -> None:
        """Keep what was found of the runs of a setting together."""
        self._groups.mkdir(exist_ok=True)
        name = hashlib.sha256(repr(record.key).encode()).hexdigest()[:12]
        write_record(record, self._groups / f"{record.protocol.replace('/', '-')}-{name}.json")

    @property
    def _groups(self) -> Path:
        return self.directory / "groups"

    def _failure(self, run: Run) -> Path:
        return self.failures / f"{run.id}.json"

    def _sweep(self) -> None:
        """Remove what processes of this machine that are no more have left half-written."""
        for path in self.runs.glob(f"{PARTIAL}*"):
            _, host, process = path.name.rsplit("@", 2)
            if host == socket.gethostname() and not _is_alive(int(process)):
                shutil.rmtree(path, ignore_errors=True)


def _partial_id(path: Path) -> str:
    return path.name.removeprefix(PARTIAL).rsplit("@", 2)[0]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _settings(study: Study) -> dict[str, object]:
    """What all runs of a directory share, by key: everything but the grid and the protocols."""
    shared: dict[str, object] = {"data": study.data, "evaluation.grid": study.evaluation.grid}
    for name in ("model", "training"):
        section = getattr(study, name).model_dump()
        shared |= {f"{name}.{key}": value for key, value in section.items()}
    return shared
