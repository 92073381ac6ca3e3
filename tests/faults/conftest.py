"""A tiny study on the command line: undisturbed once, and disturbed in a folder of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from command_line import STUDY, Command, Ended, start
from end_state import differences, leftovers
from under_way import starts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from disbench.dsprites import PackedImages


@dataclass
class Bench:
    """A results directory, `out`, the commands that work on it, and what they leave elsewhere."""

    folder: Path
    out: Path
    reference: Path
    study: Path = STUDY
    commands: list[Command] = field(default_factory=list)

    @property
    def notes(self) -> Path:
        """The folder for the notes of trainings."""
        return self.folder / "notes"

    @property
    def starts(self) -> dict[str, list[int]]:
        """The steps from which each objective was trained on, in the order of time."""
        return starts(self.notes)

    def start(self, *options: str, faults: str = "", before: Sequence[str] = ()) -> Command:
        """Start `disbench run`, with a checkpoint every 10 steps unless told otherwise."""
        every = () if "--checkpoint-every" in options else ("--checkpoint-every", "10steps")
        arguments = ["run", self.study, "--out", self.out, "--device", "cpu", *every, *options]
        return self._begun(arguments, f"{faults} noted:{self.notes}", before)

    def run(self, *options: str, faults: str = "", before: Sequence[str] = ()) -> Ended:
        """How `disbench run` ends."""
        return self.start(*options, faults=faults, before=before).wait()

    def tell(self, *arguments: str | Path) -> Ended:
        """How another command ends."""
        return self._begun(arguments, "", ()).wait()

    def change_study(self, old: str, new: str) -> None:
        """Run another study from now on."""
        text = self.study.read_text("utf-8").replace(old, new)
        self.study = self.folder / "study.toml"
        self.study.write_text(text, "utf-8")

    def finish(self) -> None:
        """Put the results of the undisturbed command there, as if they had been made here."""
        shutil.copytree(self.reference, self.out)

    def run_folder(self, objective: str) -> Path:
        """The folder of the finished run of an objective."""
        [folder] = self.out.glob(f"runs/{objective}-*")
        return folder

    def check_as_undisturbed(self, ended: Ended) -> None:
        """Assert that a command ended well, and that nothing shows that it was disturbed."""
        assert ended.code == 0, ended.output
        assert differences(self.out, self.reference) == []
        assert leftovers(self.out) == []
        for command in self.commands:
            assert command.outlived_by(10.0) == []

    def _begun(
        self, arguments: Sequence[str | Path], faults: str, before: Sequence[str]
    ) -> Command:
        command = start(*arguments, log=self.folder / "log", faults=faults, before=before)
        self.commands.append(command)
        return command


@pytest.fixture(scope="session")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory,
    whole: PackedImages,  # noqa: ARG001 - it has to be there first
) -> Path:
    """The results of one job that nothing disturbed; not to be changed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    arguments = ["run", STUDY, "--out", folder / "results", "--device", "cpu", "--jobs", "1"]
    ended = start(*arguments, log=folder / "log").wait()
    assert ended.code == 0, ended.output
    return folder / "results"


@pytest.fixture
def bench(tmp_path: Path, undisturbed: Path) -> Iterator[Bench]:
    """A directory with no results yet; no command outlives the test."""
    made = Bench(tmp_path, tmp_path / "results", undisturbed)
    made.notes.mkdir()
    yield made
    for command in made.commands:
        command.clean_up()
    shutil.rmtree(tmp_path)  # pytest keeps the folders of three sessions
