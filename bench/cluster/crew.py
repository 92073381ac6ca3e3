"""The workers of a Dask cluster that take part in a grid: which may, and what they compute on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from distributed.versions import get_versions

from disbench.cluster.flights import LOST
from disbench.cluster.tasks import shares
from disbench.errors import StudyError
from disbench.hardware import Hardware, find_hardware, resolve_device
from disbench.words import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from distributed import Client

PACKAGES = ("disbench", "torch", "numpy", "scipy", "scikit-learn")
POLL_SECONDS = 0.5


def addresses(client: Client) -> set[str]:
    """The addresses of the workers that the cluster has now.

    Raises `OSError` once the client has lost its scheduler.
    """
    found = client.scheduler_info(n_workers=-1)
    if client.status != "running":  # then it is empty, or as it was before
        raise OSError(LOST)
    return set(found["workers"])


def await_first(client: Client, *, seconds: float, tell: Callable[[str], None]) -> set[str]:
    """The addresses of the workers as soon as there are any, at the latest after `seconds`.

    Raises `StudyError` if there are none by then, or no scheduler any more.
    """
    try:
        return _awaited(client, seconds, tell)
    except OSError as error:
        raise StudyError(f"{error}; see whether it still runs") from None


def _awaited(client: Client, seconds: float, tell: Callable[[str], None]) -> set[str]:
    until = time.monotonic() + seconds
    if not addresses(client):
        tell(f"waiting for a first worker, for at most {duration(seconds)}")
    while not (workers := addresses(client)):
        if time.monotonic() > until:
            raise StudyError(
                f"the Dask cluster at {_scheduler_of(client)} has had no worker for "
                f"{duration(seconds)}; start some with `dask worker`"
            )
        time.sleep(POLL_SECONDS)
    return workers


def refusals(client: Client, workers: Iterable[str]) -> dict[str, str]:
    """Why workers cannot take part, by address: their versions are others than those here.

    Python may differ in its patch, torch in its build: a laptop may drive workers with GPUs.
    """
    # Told by distributed itself, since a worker may lack disbench.
    found = _asked(client, workers, get_versions, PACKAGES)
    here = _versions(get_versions(PACKAGES))
    differences = {worker: _difference(there, here) for worker, there in found.items()}
    return {worker: reason for worker, reason in differences.items() if reason}


def lacking(client: Client, workers: Iterable[str], device: str) -> dict[str, str]:
    """What keeps workers from computing on a device, by address."""
    found = _asked(client, workers, resolve_device, device)
    return {worker: str(there) for worker, there in found.items() if isinstance(there, Exception)}


def check(client: Client, workers: Iterable[str]) -> None:
    """Raise `StudyError` if any of these workers cannot take part, naming all that cannot."""
    refused = refusals(client, workers)
    if refused:
        opening = "these workers have not what this process has; install the same versions there:"
        raise StudyError("\n".join([opening, *_lines(refused)]))


def agreed_hardware(
    client: Client, workers: Iterable[str], device: str, precision: str
) -> Hardware:
    """What a device and a precision come to on all of these workers.

    Raises `StudyError`, with what each has, where they do not agree, or one lacks the device.
    """
    found = _asked(client, workers, find_hardware, device, precision)
    answers = {str(there): there for there in found.values()}
    if len(answers) != 1 or not isinstance(hardware := next(iter(answers.values())), Hardware):
        opening = (
            f"the workers do not agree on device {device!r} and precision {precision!r}, or lack "
            "it; name a --device and a training.precision that all have, or take others:"
        )
        raise StudyError("\n".join([opening, *_lines(found)]))
    return hardware


def sharing(client: Client, workers: Iterable[str], probe: Path) -> dict[str, bool]:
    """Whether each worker sees a folder that was made here; those that do not answer are gone."""
    found = _asked(client, workers, shares, probe.resolve())
    return {worker: there for worker, there in found.items() if isinstance(there, bool)}


def _scheduler_of(client: Client) -> str:
    return str(client.scheduler_info(n_workers=0)["address"])


def _asked(
    client: Client, workers: Iterable[str], function: Callable[..., Any], *arguments: object
) -> dict[str, Any]:
    """What a function returns on each worker, or its exception; nothing of those that are gone."""
    found = client.run(function, *arguments, workers=list(workers), on_error="return")
    return {worker: there for worker, there in found.items() if not isinstance(there, OSError)}


def _lines(found: Mapping[str, object]) -> list[str]:
    return [f"  worker {worker}: {there}" for worker, there in sorted(found.items())]


def _difference(there: Any, here: Mapping[str, str]) -> str:  # noqa: ANN401 - or an exception
    if isinstance(there, Exception):
        return f"{type(there).__name__}: {there}"
    versions = _versions(there)
    return ", ".join(
        f"{name} {versions[name]} there and {here[name]} here"
        for name in here
        if versions[name] != here[name]
    )


def _versions(found: Mapping[str, Mapping[str, str | None]]) -> dict[str, str]:
    """The versions that have to agree, by package."""
    packages = found["packages"]
    versions = {name: (packages[name] or "missing").partition("+")[0] for name in PACKAGES}
    return {"python": ".".join((packages["python"] or "").split(".")[:2]), **versions}
