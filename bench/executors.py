"""Where the cells of a grid are computed: in this process, or over local processes."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from functools import partial
from multiprocessing import current_process
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar
from warnings import catch_warnings

from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import BrokenProcessPool

from disbench.cohorts import MOST_RUNS
from disbench.conveyor import look, scored_while_training
from disbench.finishing import finish
from disbench.hardware import find_hardware, free_gpu_bytes
from disbench.models.objectives import added_objectives
from disbench.outcomes import Outcome, summary
from disbench.worker import GOING, begin, finish_in_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Sequence
    from typing import Self

    from disbench.cells import Cell
    from disbench.hardware import Hardware
    from disbench.seeing import Seen

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Executor(Protocol):
    """Computes cells, until it is told to stop; it is open inside of a `with` block.

    `jobs` is how many at a time, and `is_stopping` whether it was told to stop.
    """

    jobs: int

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        ...

    def hardware(self, device: str, precision: str) -> Hardware:
        """What a device and a precision, either ``auto``, come to where the cells are computed."""
        ...

    def cohort(self, device: str) -> int:
        """How many runs it trains as one program at most: one at a time if they are several."""
        ...

    def call(
        self,
        function: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """What a function returns where the cells are computed."""
        ...

    def outcomes(self, cells: Sequence[Cell], *, alone: bool = False) -> Generator[Outcome]:
        """Finish the cells, and yield how each ended as soon as it has.

        A cell whose worker died is ``killed``. Others may have no outcome: they were not begun.
        Cells that are computed `alone` are so one at a time, and not in this process.
        """
        ...

    def stop(self) -> None:
        """Have the cells under way leave at a checkpoint, and begin no other; from any thread."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Local:
    """One job at a time in this process, more over processes of this machine."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._stop = Event()
        self._has_workers = False

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def hardware(self, device: str, precision: str) -> Hardware:
        """What a device and a precision come to on this machine."""
        return find_hardware(device, precision)

    def cohort(self, device: str) -> int:
        """A GPU trains many runs at once."""
        return MOST_RUNS if device == "cuda" else 1

    def call(
        self,
        function: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """What a function returns in this process."""
        return function(*args, **kwargs)

    def outcomes(self, cells: Sequence[Cell], *, alone: bool = False) -> Generator[Outcome]:
        """Finish the cells, and yield how each ended as soon as it has.

        If the caller is interrupted or closes this early, the workers are killed: what they had
        under way goes on from its last checkpoint.
        """
        if current_process().daemon:  # which may have no children
            return self._in_this_process(cells)
        if cells and cells[0].device == "cuda":
            score = partial(self._over_processes, jobs=1 if alone else self.jobs, look=look)
            return scored_while_training(
                cells, score, stop=self._stop.is_set, free_bytes=free_gpu_bytes()
            )
        if self.jobs == 1 and not alone:
            return self._in_this_process(cells)
        return self._over_processes(cells, jobs=1 if alone else self.jobs)

    def stop(self) -> None:
        """Have the cells under way leave at a checkpoint, and begin no other."""
        self._stop.set()
        (self._session / GOING).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Make the folder in which the workers see that they are to stop."""
        self._session = Path(tempfile.mkdtemp(prefix="disbench-"))
        (self._session / GOING).touch()
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers, which have nothing left to write, and remove the folder."""
        if self._has_workers:
            get_reusable_executor(reuse=True).shutdown(kill_workers=True)
        shutil.rmtree(self._session, ignore_errors=True)

    def _in_this_process(self, cells: Sequence[Cell]) -> Generator[Outcome]:
        for cell in self._until_stopped(cells):
            yield finish(cell, stop=self._stop.is_set)

    def _over_processes(
        self, cells: Sequence[Cell], *, jobs: int, look: Callable[[Cell], Seen | None] | None = None
    ) -> Generator[Outcome]:
        if not cells:
            return
        # joblib takes one job for none: it would compute here. Two workers and one task are one.
        # Cells last minutes: a batch of them for one worker would leave another idle.
        parallel = Parallel(
            backend="loky",
            n_jobs=max(2, jobs),
            pre_dispatch=jobs,
            return_as="generator_unordered",
            batch_size=1,
            max_nbytes=None,  # in files, codes would stay until the last run of a cohort is scored
            initializer=begin,
            initargs=(self._session, os.getpid(), added_objectives()),
        )
        sent: dict[str, Cell] = {}
        self._has_workers = True
        ended = parallel(self._tasks(cells, sent, look))
        try:
            for outcome in ended:
                del sent[outcome.run.id]
                yield outcome
        except BrokenProcessPool as error:
            yield from self._killed(sent.values(), summary(error))
        finally:
            with catch_warnings(action="ignore"):  # joblib remarks on the tasks that it gives up
                ended.close()  # which kills the workers if it is not at its end

    def _tasks(
        self,
        cells: Sequence[Cell],
        sent: dict[str, Cell],
        look: Callable[[Cell], Seen | None] | None,
    ) -> Iterator[Any]:
        """A call for each cell, which is noted in `sent` as soon as it is asked for.

        With what `look` has seen of it, so that as much is in memory as there are workers.
        """
        for cell in self._until_stopped(cells):
            seen = None if look is None else look(cell)
            sent[cell.run.id] = cell
            yield delayed(finish_in_worker)(cell, self._session, os.getpid(), seen)

    def _until_stopped(self, cells: Sequence[Cell]) -> Iterator[Cell]:
        for cell in cells:
            if self.is_stopping:
                return
            with suppress(FileNotFoundError):  # or whoever cleans up old files would end it
                os.utime(self._session / GOING)
            yield cell

    def _killed(self, sent: Collection[Cell], reason: str) -> Iterator[Outcome]:
        """The cells that were under way when a worker died: with one, joblib gives up all.

        If none was, the workers died before they began, and all that were sent are to blame.
        """
        notes = {cell.run.id: self._session / cell.run.id for cell in sent}
        begun = {run_id for run_id, note in notes.items() if note.exists()}
        for cell in sent:
            if cell.run.id in begun or not begun:
                notes[cell.run.id].unlink(missing_ok=True)
                yield Outcome(cell.run, "killed", 0.0, reason)


def at_a_time(executor: Executor, device: str) -> int:
    """How many runs are under way at once, trained in processes or as a cohort."""
    cohort = executor.cohort(device)
    return executor.jobs if cohort == 1 else cohort
