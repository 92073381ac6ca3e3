"""A process for each row: its peak memory is its own, and no row warms another's caches."""

from __future__ import annotations

import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from disbench.hardware import keep_freed_memory, one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

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


def peak_bytes() -> int:
    """The most memory that this process has had, pages of mapped files included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
