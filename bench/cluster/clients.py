"""Connections to Dask: to a cluster that is there, or to one of this machine that ends with us."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from distributed import Client, LocalCluster

from disbench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS = 10.0

_HEEDLESS = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What a worker process of ours runs first: Ctrl-C in a terminal goes to it, too, and is for us."""


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of the scheduler at an address.

    Raises `StudyError` where none answers there.
    """
    _check(address)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise StudyError(
            f"no Dask scheduler answers at {address} ({_line(error)}); "
            "give the address that `dask scheduler` has printed"
        ) from None
    try:
        yield client
    finally:
        client.close()


@contextmanager
def local_cluster(jobs: int) -> Iterator[Client]:
    """A client of a scheduler in this process with so many workers of one thread.

    The workers end with this process, however it ends. Their memory is not limited: a limit would
    also count the images, which they share.
    """
    with (
        LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address="127.0.0.1:0",  # None would be port 8787 of every interface
            host="127.0.0.1",
            preload=[_HEEDLESS],
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _check(address: str) -> None:
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        is_whole = bool(parts.hostname and parts.port)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise StudyError(
            f"--scheduler {address!r} is no address; expected tcp://HOST:PORT, "
            "as `dask scheduler` has printed it"
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
