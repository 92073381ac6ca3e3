"""What a person sees while a grid is trained."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from disbench.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from disbench.cells import Outcome
    from disbench.plan import Plan
    from disbench.run_folder import Progress
    from disbench.store import Store

REFRESH_PER_SECOND = 4
EVALUATION_SHARE = 0.06
"""Of a run's time, a first guess at what encoding and scoring take; only the ETA rests on it."""


class Display(Protocol):
    """Shows a plan being carried out."""

    def showing(self, plan: Plan, store: Store) -> AbstractContextManager[None]:
        """Show it as long as the block lasts."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """Show that a run has ended."""
        ...


class Silent:
    """Shows nothing, for use as a library."""

    def showing(self, plan: Plan, store: Store) -> AbstractContextManager[None]:  # noqa: ARG002
        """Show nothing."""
        return nullcontext()

    def ended(self, outcome: Outcome) -> None:
        """Show nothing."""


class Lines:
    """A plain line for every run that ends: for logs, pipes and CI."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.n_ended = 0
        self.n_runs = 0
        self.started = time.monotonic()

    @contextmanager
    def showing(self, plan: Plan, store: Store) -> Iterator[None]:  # noqa: ARG002
        """Count from here."""
        self.n_runs = len(plan.to_do)
        self.started = time.monotonic()
        yield

    def ended(self, outcome: Outcome) -> None:
        """Print which run ended, how, and when all will have."""
        self.n_ended += 1
        each = (time.monotonic() - self.started) / self.n_ended
        left = duration(each * (self.n_runs - self.n_ended))
        self.console.print(
            f"[{self.n_ended}/{self.n_runs}] {ending(outcome)}; about {left} left",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


class Bars:
    """A bar for each run under way and one for the grid, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def showing(self, plan: Plan, store: Store) -> Iterator[None]:
        """Redraw the bars from the runs' own notes of where they are."""
        self.plan, self.store = plan, store
        self.ended_ids: set[str] = set()
        self.started = time.monotonic()
        self.first_seen: dict[str, tuple[float, int]] = {}
        live = Live(
            console=self.console,
            get_renderable=self.render,
            refresh_per_second=REFRESH_PER_SECOND,
            transient=True,
        )
        with live:
            yield

    def ended(self, outcome: Outcome) -> None:
        """Print above the bars which run ended, and how."""
        self.ended_ids.add(outcome.run.id)
        style = "" if outcome.status == "done" else "bold red"
        self.console.print(Text(ending(outcome), style), highlight=False)

    def render(self) -> Group:
        """The bars as they are now."""
        table = Table.grid(padding=(0, 1))
        under_way = self._under_way()
        for run_id, progress in under_way.items():
            self._add_row(table, run_id, progress)
        return Group(table, self._total(under_way))

    def _under_way(self) -> dict[str, Progress]:
        cells = {cell.run.id for cell in self.plan.to_do} - self.ended_ids
        try:
            notes = {i: f.progress() for i, f in self.store.under_way().items() if i in cells}
        except StoreError:  # a display is no place to fail: the run itself will say what is wrong
            return {}
        return {run_id: note for run_id, note in sorted(notes.items()) if note is not None}

    def _add_row(self, table: Table, run_id: str, progress: Progress) -> None:
        steps = self.plan.study.training.steps
        run = next(cell.run for cell in self.plan.to_do if cell.run.id == run_id)
        now = time.monotonic()
        since, first = self.first_seen.setdefault(run_id, (now, progress.step))
        rate = (progress.step - first) / (now - since) if progress.step > first else 0.0
        table.add_row(
            run.label,
            ProgressBar(total=steps, completed=progress.step, width=16),
            f"{progress.step}/{steps}" if progress.phase == "training" else progress.phase,
            f"{rate:.0f}/s" if rate else "",
            Text(_losses(progress), "dim"),
        )

    def _total(self, under_way: dict[str, Progress]) -> Table:
        n_runs, elapsed = len(self.plan.to_do), time.monotonic() - self.started
        share = self._share_done(under_way)
        left = f"about {duration(elapsed / share - elapsed)} left" if share > 0.01 else ""  # noqa: PLR2004 - too early to tell
        table = Table.grid(padding=(0, 1))
        table.add_row(
            Text(f"{len(self.ended_ids)} of {n_runs} runs", "bold"),
            ProgressBar(total=1.0, completed=share, width=24),
            duration(elapsed),
            left,
        )
        return table

    def _share_done(self, under_way: dict[str, Progress]) -> float:
        steps = self.plan.study.training.steps
        training = sum(note.step / steps for note in under_way.values())
        return (len(self.ended_ids) + training * (1 - EVALUATION_SHARE)) / len(self.plan.to_do)


def display_for(console: Console) -> Display:
    """Bars on a terminal, lines elsewhere."""
    return Bars(console) if console.is_terminal else Lines(console)


def ending(outcome: Outcome) -> str:
    """How a run ended, in a line."""
    if outcome.status == "failed":
        return f"{outcome.run.label}: failed: {outcome.error}"
    return f"{outcome.run.label}: {outcome.status} in {duration(outcome.seconds)}"


def duration(seconds: float) -> str:
    """A duration as a person says it: ``43 s``, ``5 min 07 s``, ``3 h 20 min``."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _losses(progress: Progress) -> str:
    if progress.reconstruction != progress.reconstruction:
        return ""
    kl = "" if progress.kl != progress.kl else f", KL {progress.kl:.1f}"
    return f"reconstruction {progress.reconstruction:.1f}{kl}"
