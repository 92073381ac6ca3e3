"""What can compute a grid, by name."""

from __future__ import annotations

from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from disbench.errors import StudyError
from disbench.executors import Local
from disbench.hardware import resolve_device
from disbench.threads import default_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from disbench.executors import Executor


def executor_of(
    name: str,
    *,
    scheduler: str | None = None,
    jobs: int | None = None,
    device: str = "auto",
    tell: Callable[[str], None] = lambda _: None,
) -> Executor:
    """The executor of this name, yet to be opened.

    Raises `StudyError` for another name, a scheduler that it has no use for, or a package that is
    not there.
    """
    if name not in _EXECUTORS:
        raise StudyError(f"there is no executor {name!r}; expected {' or '.join(_EXECUTORS)}")
    return _EXECUTORS[name](scheduler, jobs, device, tell)


def _local(
    scheduler: str | None, jobs: int | None, device: str, tell: Callable[[str], None]
) -> Executor:
    del tell  # nothing is waited for
    if scheduler is not None:
        raise StudyError(
            f"--scheduler {scheduler} is of no use to --executor local; add --executor dask"
        )
    resolve_device(device)
    return Local(jobs or default_jobs())


def _dask(
    scheduler: str | None, jobs: int | None, device: str, tell: Callable[[str], None]
) -> Executor:
    if find_spec("distributed") is None:
        raise StudyError(
            "--executor dask needs a package that is not installed: pip install 'disbench[dask]'"
        )
    from disbench.cluster import Cluster, connected, local_cluster  # noqa: PLC0415 - an extra

    if scheduler is not None:
        return Cluster(connected(scheduler), most=jobs, tell=tell)
    # Of workers that are started here each would take the GPU for its own.
    jobs = jobs or (default_jobs() if resolve_device(device) == "cpu" else 1)
    return Cluster(local_cluster(jobs), most=jobs, tell=tell)


_EXECUTORS: Mapping[str, Callable[[str | None, int | None, str, Callable[[str], None]], Executor]]
_EXECUTORS = MappingProxyType({"local": _local, "dask": _dask})
