"""Cells sent to the workers of a Dask cluster, which come and go, until each has come back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from disbench.cluster import crew
from disbench.cluster.flights import LOST, send
from disbench.cluster.tasks import Errand
from disbench.outcomes import Outcome
from disbench.store import Store
from disbench.words import duration

if TYPE_CHECKING:
    from collections import deque
    from itertools import count
    from pathlib import Path

    from distributed import Client

    from disbench.cells import Cell
    from disbench.cluster.flights import Flight

LONGEST_WAIT = 3600.0
"""How many seconds a grid waits where there is no worker: a cluster's queue may be long."""
LOOK_SECONDS = 5.0
"""How often the list of workers is looked at, in case that a word of them was lost."""

Message = Callable[[], Iterator[Outcome]]
"""Something that has happened: what there is to do about it, and the outcomes that come of it."""


@dataclass
class Dispatch:
    """The cells of a round, of which each free worker is sent one, and `most` at a time.

    A worker that has not been checked is sent none, and none waits at a worker for another to
    end: so it is known which run a lost worker takes with it, and no other is blamed.
    """

    client: Client
    session: str
    cells: deque[Cell]
    most: int | None
    is_stopping: Callable[[], bool]
    tell: Callable[[str], None]
    numbers: count[int]
    _messages: SimpleQueue[Message] = field(default_factory=SimpleQueue, init=False)
    _flights: dict[int, Flight] = field(default_factory=dict, init=False)
    _sharing: dict[str, bool] = field(default_factory=dict, init=False)
    _strangers: set[str] = field(default_factory=set, init=False)
    _since: float = field(default_factory=time.monotonic, init=False)

    def outcomes(self) -> Iterator[Outcome]:
        """How each cell ended; those that were not begun have no outcome."""
        with ExitStack() as stack:
            self._sample = self.cells[0]
            self._probe = stack.enter_context(_probing(self._sample.directory, self.session))
            stack.enter_context(self._listening())
            stack.callback(self._drop_all)
            yield from self._look()
            while self._flights or (self.cells and not self.is_stopping()):
                yield from self._send()
                yield from self._next_message()()

    def wake(self) -> None:
        """Look again whether to stop; from any thread."""
        self._messages.put(_nothing)

    def _send(self) -> Iterator[Outcome]:
        """Send a cell to each worker that is free."""
        busy = {flight.worker for flight in self._flights.values()}
        for worker in [worker for worker in self._sharing if worker not in busy]:
            while self.cells and not self.is_stopping() and self._has_room:
                cell = self.cells.popleft()
                errand = Errand(self.session, next(self.numbers), cell)
                sent = send(self.client, errand, worker, shares=self._sharing[worker])
                if isinstance(sent, Outcome):
                    yield sent
                    continue
                if sent is None:
                    self.cells.appendleft(cell)
                else:
                    self._fly(sent)
                break

    @property
    def _has_room(self) -> bool:
        return self.most is None or len(self._flights) < self.most

    def _fly(self, flight: Flight) -> None:
        number = flight.errand.number
        self._flights[number] = flight
        ended = partial(self._ended, number)
        flight.future.add_done_callback(lambda _: self._messages.put(ended))

    def _next_message(self) -> Message:
        try:
            return self._messages.get(timeout=LOOK_SECONDS)
        except Empty:
            return self._look

    def _ended(self, number: int) -> Iterator[Outcome]:
        flight = self._flights.pop(number, None)
        if flight is None:
            return
        outcome = flight.land()
        if outcome is None:
            self.cells.appendleft(flight.cell)
        else:
            yield outcome

    def _began(self, number: int) -> Iterator[Outcome]:
        if number in self._flights:
            self._flights[number].has_begun = True
        return _nothing()

    def _left(self, worker: str, *, expected: bool) -> Iterator[Outcome]:
        """Take back what a worker had: it was killed with it, unless it left as one should."""
        self._strangers.discard(worker)
        if self._sharing.pop(worker, None) is not None and not self._sharing:
            self._since = time.monotonic()
            self._tell_of_waiting()
        for number in [n for n, flight in self._flights.items() if flight.worker == worker]:
            flight = self._flights.pop(number)
            flight.drop()
            if flight.has_begun and not expected:
                yield Outcome(flight.cell.run, "killed", 0.0)
            else:
                self.cells.appendleft(flight.cell)

    def _tell_of_waiting(self) -> None:
        if not self.is_stopping():
            self.tell(f"no worker is left; waiting for one, for at most {duration(LONGEST_WAIT)}")

    def _came(self, workers: set[str]) -> Iterator[Outcome]:
        """Check workers that are new, in a thread: they may have to load torch first."""
        new = workers - self._sharing.keys() - self._strangers
        self._strangers |= new
        if new:
            Thread(target=self._check, args=(new,), daemon=True).start()
        return _nothing()

    def _check(self, workers: set[str]) -> None:
        """Find out which of the workers can take part, and which see the directory."""
        try:
            refused = crew.refusals(self.client, workers)
            refused |= crew.lacking(self.client, workers - refused.keys(), self._sample.device)
            sharing = crew.sharing(self.client, workers - refused.keys(), self._probe)
        except Exception:  # noqa: BLE001 - whatever it was, they are asked again at the next look
            sharing, refused = {}, {}
        self._messages.put(partial(self._checked, workers, sharing, refused))

    def _checked(
        self, workers: set[str], sharing: dict[str, bool], refused: dict[str, str]
    ) -> Iterator[Outcome]:
        self._sharing |= sharing
        self._strangers -= workers - refused.keys()
        for worker, reason in refused.items():
            self.tell(f"worker {worker} takes no part: {reason}")
        return _nothing()

    def _look(self) -> Iterator[Outcome]:
        """Learn who has come and gone; without a scheduler or workers there is an end to it."""
        try:
            workers = crew.addresses(self.client)
        except OSError:
            yield from self._halt(LOST)
            return
        for worker in (self._sharing.keys() | self._strangers) - workers:
            yield from self._left(worker, expected=False)
        yield from self._came(workers)
        if not workers and time.monotonic() - self._since > LONGEST_WAIT:
            yield from self._halt(f"there was no worker for {duration(LONGEST_WAIT)}")

    def _halt(self, problem: str) -> Iterator[Outcome]:
        cells = [*(flight.cell for flight in self._flights.values()), *self.cells]
        self._drop_all()
        for cell in cells[:1]:
            yield Outcome(cell.run, "halted", 0.0, problem)

    def _drop_all(self) -> None:
        while self._flights:
            self._flights.popitem()[1].drop()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Hear from the scheduler who comes and goes, and from the tasks that they have begun."""
        heard = {"all": self._on_event, self.session: self._on_begun}
        for topic, handler in heard.items():
            self.client.subscribe_topic(topic, handler)
        try:
            yield
        finally:
            with suppress(Exception):  # a client that has given up hears nothing anyway
                for topic in heard:
                    self.client.unsubscribe_topic(topic)

    def _on_event(self, event: tuple[float, Any]) -> None:
        match event[1]:
            case {"action": "remove-worker", "worker": worker, "expected": expected}:
                self._messages.put(partial(self._left, worker, expected=expected))
            case {"action": "add-worker", "worker": worker}:
                self._messages.put(partial(self._came, {worker}))

    def _on_begun(self, event: tuple[float, Any]) -> None:
        self._messages.put(partial(self._began, event[1]["begun"]))


def _nothing() -> Iterator[Outcome]:
    return iter(())


@contextmanager
def _probing(directory: Path, session: str) -> Iterator[Path]:
    """A folder in a results directory: the workers that see it share the file system."""
    probe = Store(directory).unfinished / f".{session}"
    probe.mkdir(exist_ok=True)
    try:
        yield probe
    finally:
        shutil.rmtree(probe, ignore_errors=True)
