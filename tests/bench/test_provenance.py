"""A number says what it was computed with."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
import torch

from disbench import provenance as module
from disbench.provenance import provenance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """The commit is looked up once a process; not so here."""
    module._git_commit.cache_clear()
    yield
    module._git_commit.cache_clear()


def test_versions_are_those_installed() -> None:
    found = provenance("cpu")
    assert found.torch == version("torch")
    assert found.numpy == version("numpy")
    assert found.scipy == version("scipy")
    assert found.scikit_learn == version("scikit-learn")
    assert found.python == platform.python_version()
    assert found.threads == torch.get_num_threads()
    assert (found.device, found.platform) == ("cpu", f"{platform.system()} {platform.machine()}")


def _git(folder: Path, *arguments: str) -> str:
    author = ("-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    done = subprocess.run(  # noqa: S603 - a repository of this test
        ["git", "-C", str(folder), *author, *arguments],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_commit_is_that_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("one")
    _git(tmp_path, "add", "file")
    _git(tmp_path, "commit", "--quiet", "--message", "one")
    commit = _git(tmp_path, "rev-parse", "HEAD")
    assert provenance("cpu").git_commit == commit
    (tmp_path / "untracked").touch()
    module._git_commit.cache_clear()
    assert provenance("cpu").git_commit == commit
    (tmp_path / "file").write_text("two")
    module._git_commit.cache_clear()
    assert provenance("cpu").git_commit == f"{commit}+changes"


def test_no_repository_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance("cpu").git_commit is None


def test_no_git_has_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert provenance("cpu").git_commit is None
