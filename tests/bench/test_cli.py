"""The command tells its usage, and its errors in one readable block."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from disbench import __version__, cli
from disbench.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path

BAD_STUDY = 'name = "x"\nseeds = 0\nspeed = 1\n[[objectives]]\nname = "ae"\n'


def _call(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", *(["-c", code] if code else ["-m", "disbench"])]
    return subprocess.run(  # noqa: S603 - this interpreter
        [*command, *arguments], capture_output=True, text=True, check=False
    )


def test_help_teaches_and_does_not_wait_for_torch() -> None:
    code = (
        "import sys; from disbench.cli import app; sys.argv[0] = 'disbench'\n"
        "try: app()\n"
        "finally: assert not {'torch', 'pandas', 'sklearn'} & sys.modules.keys()"
    )
    done = _call("--help", code=code)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("run", "report", "score", "data", "studies", "protocols", "quick --dry-run"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("run",), ("STUDY", "--beta", "--seeds", "--jobs", "--dry-run", "does only what is miss")),
        (("report",), ("DIR", "list what is missing")),
        (("score",), ("CODES", "--factors", "737,280 rows", "--protocol", "--out")),
        (("data", "verify"), ("FILE", "exit 1 if they differ")),
        (("data", "render"), ("FILE", "official layout")),
    ],
)
def test_commands_say_what_they_do(
    command: tuple[str, ...],
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "argv", ["disbench", *command, "--help"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    output = " ".join(capsys.readouterr().out.replace("\u2502", " ").split())
    for word in words:
        assert word in output


def test_bad_study_is_told_in_one_block(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(BAD_STUDY)
    done = _call("run", str(path), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"error: the study {path} cannot be run:",
        "  seeds: got 0; a study has 1 to 100,000 seeds",
        "  speed: there is no such key",
    ]
    assert not (tmp_path / "out").exists()


def test_debug_shows_the_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is not caught, so that Python prints all of it."""
    path = tmp_path / "study.toml"
    path.write_text(BAD_STUDY)
    monkeypatch.setattr(cli._Errors, "debug", False)
    monkeypatch.setattr(sys, "argv", ["disbench", "--debug", "run", str(path)])
    with pytest.raises(StudyError, match="cannot be run"):
        cli.main()


def _main_raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_it() -> None:
        raise error

    monkeypatch.setattr(cli, "app", raise_it)
    monkeypatch.setattr(cli._Errors, "debug", False)
    cli.main()


def test_error_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the program is not passed off as one of its user."""
    with pytest.raises(ZeroDivisionError):
        _main_raising(ZeroDivisionError("ours"), monkeypatch)


def test_error_of_the_system_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _main_raising(OSError(28, "No space left on device", "[bold]x"), monkeypatch)
    assert ended.value.code == 2
    expected = "error: [bold]x: No space left on device\n"
    assert capsys.readouterr() == ("", expected)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StudyError("no :smile:"), "no :smile:"),
        (StudyError("one\n  two"), "one\n  two"),
        (StudyError("\x1b[2J\udcff"), "\\x1b[2J\\udcff"),
        (OSError(36, "File name too long", "a\nb"), "a\\nb: File name too long"),
        (OSError(36, "File name too long", b"\xff"), "\\udcff: File name too long"),
        (OSError("disk on fire"), "disk on fire"),
    ],
)
def test_error_commands_no_terminal(
    error: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        _main_raising(error, monkeypatch)
    assert capsys.readouterr() == ("", f"error: {said}\n")


def test_version_is_that_of_the_distribution() -> None:
    assert version("disbench") == __version__
