"""The command, called as a shell would call it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from disbench import cli

if TYPE_CHECKING:
    from collections.abc import Callable


class Called(NamedTuple):
    """What a command left behind."""

    code: int
    output: str
    errors: str


@pytest.fixture
def disbench(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Called]:
    """Call `disbench` in this process, on a terminal of 100 columns that is none."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(cli._Errors, "debug", False)

    def call(*arguments: object) -> Called:
        monkeypatch.setattr(sys, "argv", ["disbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Called(code or 0, *capsys.readouterr())

    return call
