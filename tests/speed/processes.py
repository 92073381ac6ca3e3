"""A process for each row: its peak memory is its own, and no row warms another's caches."""

from __future__ import annotations

import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import torch
from threadpoolctl import threadpool_limits

from disbench.hardware import keep_freed_memory
from disbench.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# A server that has imported all of disbench and computed nothing is forked for each process.
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["disbench.runner"])


def alone(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """What a function returns in a process of its own.

    The process computes as a worker of disbench does: on one thread, keeping freed memory.
    """
    with ProcessPoolExecutor(1, CONTEXT, initializer=keep_freed_memory) as pool:
        return pool.submit(on_one_thread, function, *args, **kwargs).result()


def on_one_thread(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """What a function returns when it computes on one thread."""
    with one_thread():
        return function(*args, **kwargs)


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Compute on so many threads inside the block; afterwards on one, as all that is measured."""
    with threadpool_limits(n):
        torch.set_num_threads(n)
        try:
            yield
        finally:
            torch.set_num_threads(1)


def peak_of(process: int) -> int | None:
    """The most memory that a process has had since its program began; None where Linux is not."""
    status = Path(f"/proc/{process}/status")
    return peak_in(status.read_text("utf-8")) if status.exists() else None


def peak_in(status: str) -> int | None:
    """The peak in what Linux says of a process, in bytes; None where it says nothing of it.

    What `resource` says of a child includes the peak of the process that started it; this does not.
    """
    lines = (line.split() for line in status.splitlines())
    return next((int(line[1]) * 1024 for line in lines if line[:1] == ["VmHWM:"]), None)


def peak_bytes() -> int:
    """The most memory that this process has had, pages of mapped files included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
