"""A results directory: the study, the runs that are finished, under way, and failed."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from disbench.atomic import flush, write_whole
from disbench.claims import Claim, TakenError, claimed
from disbench.errors import DamagedError, StoreError, StudyError
from disbench.record_files import read_record, write_record
from disbench.records import Failure, GroupRecord
from disbench.run_folder import EVALUATED, FILES, TRAINED, RunFolder
from disbench.study_files import load_study, to_toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from disbench.runs import Run
    from disbench.study import Study

LOCK = ".lock"


@dataclass(frozen=True)
class Store:
    """``study.toml`` and the folders ``runs``, ``unfinished``, ``failures``, ``groups``, ``damaged``.

    A run is trained and scored in ``unfinished/<id>/``, by whoever holds ``unfinished/<id>.lock``,
    and then becomes ``runs/<id>/`` at once. What turns out not to be as it was written is moved to
    ``damaged/``; nothing is deleted.
    """  # noqa: E501 - the list of folders

    directory: Path

    @property
    def runs(self) -> Path:
        """The folder of the folders of finished runs."""
        return self.directory / "runs"

    @property
    def unfinished(self) -> Path:
        """The folder of the folders of runs that were begun."""
        return self.directory / "unfinished"

    @property
    def failures(self) -> Path:
        """The folder of the records of failed runs."""
        return self.directory / "failures"

    @property
    def damaged(self) -> Path:
        """The folder of what was set aside."""
        return self.directory / "damaged"

    def open_for(self, study: Study) -> None:
        """Make the directory ready for a study, whose file it will hold.

        Raises `StoreError` where the directory cannot be written.
        """
        try:
            self.make_folders()
            write_whole(self.directory / "study.toml", to_toml(study).encode())
        except OSError as error:
            raise StoreError(
                f"cannot write to {self.directory} ({error.strerror}); choose another --out"
            ) from None

    def make_folders(self) -> None:
        """Make the folders that a run needs to be worked on."""
        for folder in (self.runs, self.unfinished, self.failures):
            folder.mkdir(parents=True, exist_ok=True)

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

    def check_data(self, sha256: str) -> None:
        """Raise `StoreError` if the directory holds runs on other images than those of this hash.

        One run tells: before another was begun, it was asked the same.
        """
        for folder in self.finished():
            try:
                training = folder.training()
            except DamagedError:
                continue
            if training is not None and training.run.data_sha256 != sha256:
                raise StoreError(
                    f"{self.directory} holds runs on other images than the study's data are now "
                    f"(SHA-256 {training.run.data_sha256[:12]} there, {sha256[:12]} asked for); "
                    "choose another --out"
                )
            return

    def folder(self, run: Run) -> RunFolder:
        """The folder of a finished run, there or not."""
        return RunFolder(self.runs / run.id)

    def finished(self) -> Iterator[RunFolder]:
        """The folders of all finished runs, in the order of their names."""
        if self.runs.is_dir():
            yield from (
                RunFolder(path)
                for path in sorted(self.runs.iterdir())
                if path.is_dir() and not path.name.startswith(".")
            )

    def begun(self, run: Run) -> RunFolder:
        """The folder of a run that is not finished, there or not."""
        return RunFolder(self.unfinished / run.id, durable=False)

    def under_way(self) -> dict[str, RunFolder]:
        """The folders of the runs that somebody works on, by run id."""
        locks = self.unfinished.glob(f"*{LOCK}")
        names = [path.name.removesuffix(LOCK) for path in locks]
        return {name: RunFolder(self.unfinished / name) for name in names}

    def claim(self, run: Run) -> Claim:
        """The claim to work on a run, yet to be taken."""
        return Claim(self._lock(run))

    @contextmanager
    def claimed(self, run: Run) -> Iterator[Claim]:
        """Hold the claim to a run; `TakenError` where another process does."""
        with claimed(self._lock(run)) as claim:
            yield claim

    def publish(self, run: Run) -> None:
        """Make the folder of a run that was begun that of a finished one, at once."""
        folder, there = self.begun(run).path, self.folder(run).path
        for name in FILES:
            if (folder / name).exists():
                flush(folder / name)
        flush(folder)
        if self.folder(run).is_trained:  # somebody else was faster, with the same bits
            shutil.rmtree(folder)
            return
        for path in folder.iterdir():  # the checkpoints only now that all is on the disk
            if path.name not in FILES and not path.is_dir():
                path.unlink()
        if there.exists():
            self.set_aside(DamagedError(there / "training.json", "there is no record"))
        folder.rename(there)
        flush(self.runs)

    def set_aside(self, damage: DamagedError) -> str:
        """Move a damaged file, and all that is worth nothing without it, to ``damaged/``.

        With a score go all scores of its run; with a file of how a finished run was trained goes
        the run. What was wrong and where it is now come back as a sentence.
        """
        folder, name = damage.path.parent, damage.path.name
        place = self._place(folder.name if folder.parent in self._run_folders else name)
        place.parent.mkdir(exist_ok=True)
        if folder.parent not in self._run_folders:
            damage.path.rename(place)
        elif folder.parent == self.runs and name not in EVALUATED:
            folder.rename(place)
        else:
            _move_together(folder, name, place)
        return f"{damage.path}: {damage.reason}; set aside in {place}"

    def set_aside_if_still(self, damage: DamagedError, *, sure: bool = False) -> str | None:
        """The same for who does not hold the claim to the run; None if there is no damage now.

        Whoever holds it may be in the midst of writing, and mends what is damaged. Who is `sure`
        has seen the same twice.
        """
        folder = damage.path.parent
        try:
            if folder.parent not in self._run_folders:
                return self.set_aside(damage)
            self.unfinished.mkdir(exist_ok=True)
            with claimed(self.unfinished / f"{folder.name}{LOCK}"):
                found = RunFolder(folder).damage() or (damage if sure else None)
                return None if found is None else self.set_aside(found)
        except (TakenError, FileNotFoundError):  # somebody else is at it, or was
            return None

    def failed(self) -> dict[str, Failure]:
        """The failures that no later success has made void, by run id."""
        found = {path.stem: read_record(Failure, path) for path in self.failures.glob("[!.]*.json")}
        return {name: failure for name, failure in found.items() if failure is not None}

    def failure(self, run: Run) -> Failure | None:
        """The failure of a run, if it has failed and not succeeded since."""
        return read_record(Failure, self._failure(run))

    def note_failure(self, failure: Failure) -> None:
        """Keep the record of a failure."""
        write_record(failure, self._failure(failure.run))

    def forget_failure(self, run: Run) -> None:
        """Remove the record of a failure, if there is one: the run has succeeded."""
        self._failure(run).unlink(missing_ok=True)

    def groups(self) -> list[GroupRecord]:
        """What was found of the runs of a setting together."""
        found = (read_record(GroupRecord, path) for path in sorted(self._groups.glob("[!.]*.json")))
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

    @property
    def _run_folders(self) -> tuple[Path, Path]:
        return self.runs, self.unfinished

    def _lock(self, run: Run) -> Path:
        return self.unfinished / f"{run.id}{LOCK}"

    def _place(self, name: str) -> Path:
        """A name in ``damaged/`` that nothing has yet."""
        taken = (self.damaged / f"{name}.{number}" for number in count(1))
        return next(place for place in taken if not place.exists())


def _move_together(folder: Path, name: str, place: Path) -> None:
    """Move a file of a run, and those that were written with it."""
    place.mkdir()
    names = next((names for names in (TRAINED, EVALUATED) if name in names), (name,))
    for moved in names:
        if (folder / moved).exists():
            (folder / moved).rename(place / moved)


def _settings(study: Study) -> dict[str, object]:
    """What all runs of a directory share, by key: everything but the grid and the protocols."""
    shared: dict[str, object] = {"data": study.data, "evaluation.grid": study.evaluation.grid}
    for name in ("model", "training"):
        section = getattr(study, name).model_dump()
        shared |= {f"{name}.{key}": value for key, value in section.items()}
    return shared
