"""Ctrl-C and SIGTERM: once to leave everything at a checkpoint, twice to stop at once."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from threading import Event, Thread, current_thread, main_thread
from typing import TYPE_CHECKING

from disbench.worker import GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from disbench.executors import Executor

EXIT_INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM)

STOPPING = "stopping: what is under way is left at a checkpoint; Ctrl-C again stops at once"
GO_ON = "finished runs and checkpoints are kept; the same command goes on from there"
INTERRUPTED = f"interrupted: {GO_ON}"


@contextmanager
def interruptible(executor: Executor, errors: Console) -> Iterator[None]:
    """Inside the block the first signal tells the executor to stop, and the second ends all.

    What has not come to an end some seconds after the first is given up as well: whatever is
    written appears whole or not at all, and the workers do not outlive this process.
    """
    if current_thread() is not main_thread():  # which alone may set handlers
        yield
        return

    def on_signal(_: int, __: object) -> None:
        for number in SIGNALS:
            signal.signal(number, lambda *_: _give_up(errors))
        # In a thread of its own, since the console may be in the middle of something.
        Thread(target=stop, daemon=True).start()

    def stop() -> None:
        try:
            executor.stop()
            errors.print(STOPPING, soft_wrap=True)
        finally:
            if not ended.wait(GRACE_SECONDS):
                _give_up(errors)

    ended = Event()
    before = {number: signal.signal(number, on_signal) for number in SIGNALS}
    try:
        yield
    finally:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _give_up(errors: Console) -> None:
    show_cursor = "\x1b[?25h" if errors.is_terminal else ""  # which the bars hide
    os.write(2, f"\r{show_cursor}{INTERRUPTED}\n".encode())
    os._exit(EXIT_INTERRUPTED)
