"""A grid over a Dask cluster, as an executor."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from uuid import uuid4

from disbench.cluster import crew
from disbench.cluster.dispatch import LONGEST_WAIT, Dispatch
from disbench.cluster.tasks import leave

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from contextlib import AbstractContextManager
    from typing import Self

    from distributed import Client

    from disbench.cells import Cell
    from disbench.hardware import Hardware
    from disbench.outcomes import Outcome

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Cluster:
    """One run at a time on each worker of a Dask cluster, on `most` of them if that is given.

    `connection` gives a client as long as it is open. `tell` is told of what is waited for, and of
    workers that take no part.
    """

    def __init__(
        self,
        connection: AbstractContextManager[Client],
        *,
        most: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.jobs = most or 1
        self._connection = connection
        self._most = most
        self._tell = tell
        self._session = f"disbench-{uuid4().hex[:12]}"
        self._numbers = count()
        self._stop = Event()
        self._dispatch: Dispatch | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def hardware(self, device: str, precision: str) -> Hardware:
        """What a device and a precision come to on the workers.

        Raises `StudyError` where they do not agree, or one lacks the device.
        """
        return crew.agreed_hardware(self._client, self._crew, device, precision)

    def cohort(self, device: str) -> int:
        """A worker trains one run at a time."""
        del device
        return 1

    def call(
        self,
        function: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """What a function returns on a worker."""
        future = self._client.submit(
            function, *args, **kwargs, workers=sorted(self._crew), pure=False
        )
        result: Result = future.result()
        return result

    def outcomes(self, cells: Sequence[Cell], *, alone: bool = False) -> Generator[Outcome]:
        """Finish the cells, and yield how each ended as soon as it has."""
        self._dispatch = Dispatch(
            client=self._client,
            session=self._session,
            cells=deque(map(_absolute, cells)),
            most=1 if alone else self._most,
            is_stopping=self._stop.is_set,
            tell=self._tell,
            numbers=self._numbers,
        )
        yield from self._dispatch.outcomes()

    def stop(self) -> None:
        """Have the cells under way leave at a checkpoint, and begin no other."""
        if self.is_stopping:
            return
        self._stop.set()
        if self._dispatch is not None:
            self._dispatch.wake()
        Thread(target=self._leave, daemon=True).start()  # a worker may not answer

    def __enter__(self) -> Self:
        """Connect, and wait for a worker.

        Raises `StudyError` where there is no scheduler, or for long no worker, or one has other
        versions than this process.
        """
        with ExitStack() as stack:
            self._client = stack.enter_context(self._connection)
            self._crew = crew.await_first(self._client, seconds=LONGEST_WAIT, tell=self._tell)
            crew.check(self._client, self._crew)
            self.jobs = min(self._most or len(self._crew), len(self._crew))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster, and end it if it is ours."""
        self._stack.close()

    def _leave(self) -> None:
        with suppress(Exception):  # those that are gone have left, too
            self._client.run(leave, self._session, on_error="ignore")


def _absolute(cell: Cell) -> Cell:
    """The cell with paths that are the same in a process that works elsewhere."""
    data = str(Path(cell.data).resolve()) if Path(cell.data).suffix else cell.data
    return replace(cell, directory=cell.directory.resolve(), data=data)
