"""One signal asks, the second ends, and so does the time that the first one gives."""

from __future__ import annotations

import os
import signal
import threading
import time
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from disbench.commands import interrupting
from disbench.commands.interrupting import interruptible


class Told:
    """An executor that remembers that it was told to stop."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def stop(self) -> None:
        """Remember it."""
        self.stopped.set()


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The exit codes with which the process would have ended; its last words go nowhere."""
    codes: list[int] = []
    monkeypatch.setattr(interrupting.os, "_exit", codes.append)
    monkeypatch.setattr(interrupting.os, "write", lambda *_: 0)
    return codes


def _block(executor: Any) -> Any:
    return interruptible(executor, Console(file=StringIO(), width=80))


def _signal(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.05)


@pytest.mark.parametrize("number", interrupting.SIGNALS)
def test_first_signal_tells_the_executor_to_stop(number: int, ends: list[int]) -> None:
    executor = Told()
    with _block(executor):
        _signal(number)
        assert executor.stopped.wait(5)
    assert ends == []


def test_second_signal_ends_at_once(ends: list[int]) -> None:
    with _block(Told()):
        _signal(signal.SIGINT)
        assert ends == []
        _signal(signal.SIGTERM)
        assert ends == [130]


def test_what_takes_too_long_is_given_up(ends: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupting, "GRACE_SECONDS", 0.1)
    with _block(Told()):
        _signal(signal.SIGINT)
        time.sleep(0.5)
        assert ends == [130]


def test_after_the_block_nothing_is_given_up_and_signals_are_as_before(
    ends: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupting, "GRACE_SECONDS", 0.1)
    before = [signal.getsignal(number) for number in interrupting.SIGNALS]
    with _block(Told()):
        _signal(signal.SIGINT)
    time.sleep(0.3)
    assert ends == []
    assert [signal.getsignal(number) for number in interrupting.SIGNALS] == before


def test_another_thread_has_no_signals_to_heed() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def enter() -> None:
        with _block(Told()):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]
