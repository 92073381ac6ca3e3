"""The command, called as a shell would call it."""

from __future__ import annotations

import sys
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from disbench import cli
from disbench.records import Failure, LossRecord
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run
    from disbench.study import Study


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


@pytest.fixture
def store(
    tmp_path: Path,
    make_study: Callable[..., Study],
    make_run: Callable[..., Run],
    write_run: Callable[..., Any],
) -> Store:
    """Of four runs one is done, one has diverged, one has failed, and one was not begun."""
    store = Store(tmp_path / "results")
    store.open_for(make_study(seeds=2, evaluation={"representations": ["mean"]}))
    write_run(store, make_run(seed=1), {"mig/exact": 0.25})
    lost = LossRecord(2, nan, nan, nan)
    write_run(store, make_run(), status="diverged", losses=[lost])
    failed = make_run(objective="ae", hyperparameters={})
    store.note_failure(Failure(run=failed, error="ValueError: no", traceback=""))
    return store
