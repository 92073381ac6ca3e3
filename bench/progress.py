"""What a person sees while a grid is trained."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from disbench.watch import Watch
from disbench.words import duration, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from disbench.outcomes import Outcome
    from disbench.plan import Plan
    from disbench.run_folder import Progress
    from disbench.runs import Run
    from disbench.store import Store

REFRESH_PER_SECOND = 4
LABEL_WIDTH = 26
"""As wide as a label may be at 80 columns: ``beta_vae, beta 16, seed 10``. Longer ones are cut."""
CALM = ((18_000, 600), (1_200, 60), (120, 10))
"""From how many seconds on the time left is told in steps of how many."""


class Display(Protocol):
    """Shows a plan being carried out."""

    def showing(self, plan: Plan, store: Store, *, jobs: int) -> AbstractContextManager[None]:
        """Show it as long as the block lasts."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """Show that a run has ended."""
        ...


class Silent:
    """Shows nothing, for use as a library."""

    def showing(
        self,
        plan: Plan,  # noqa: ARG002
        store: Store,  # noqa: ARG002
        *,
        jobs: int,  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Show nothing."""
        return nullcontext()

    def ended(self, outcome: Outcome) -> None:
        """Show nothing."""


class Lines:
    """A plain line for every run that ends: for logs, pipes and CI."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def showing(self, plan: Plan, store: Store, *, jobs: int) -> Iterator[None]:
        """Count from here."""
        self.watch = Watch(plan, store, jobs=jobs)
        yield

    def ended(self, outcome: Outcome) -> None:
        """Print which run ended, how, and when all will have."""
        watch = self.watch
        watch.ended(outcome)
        watch.look()  # where the others have got to tells when all will have ended
        line = f"[{watch.n_ended}/{watch.n_runs}] {ending(outcome)}"
        parts = [line, _failures(watch.n_failed), _time_left(watch.left())]
        text = "; ".join(part for part in parts if part)
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


class Bars:
    """A bar for each run under way and one for the grid, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._lock = Lock()  # the bars are redrawn by a thread of their own

    @contextmanager
    def showing(self, plan: Plan, store: Store, *, jobs: int) -> Iterator[None]:
        """Redraw the bars from the runs' own notes of where they are."""
        self.watch = Watch(plan, store, jobs=jobs)
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
        with self._lock:
            self.watch.ended(outcome)
        style = "" if outcome.status == "done" else "bold red"
        self.console.print(Text(ending(outcome), style), highlight=False)

    def render(self) -> Group:
        """The bars as they are now: no more than the terminal has lines for, then the total."""
        with self._lock:
            return self._render(self.watch.look())

    def _render(self, under_way: Sequence[tuple[Run, Progress]]) -> Group:
        table = self._table()
        most = max(1, self.console.height - 4)
        for run, progress in under_way[:most]:
            self._add_row(table, run, progress)
        rest = len(under_way) - most
        more = [Text(f"and {rest} more under way", "dim")] if rest > 0 else []
        return Group(*([table] if under_way else []), *more, self._total())

    def _table(self) -> Table:
        """The head of the bars, with columns as wide as they will ever need to be."""
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
        runs = self.watch.runs.values()
        steps = max(len(str(run.steps)) for run in runs)
        longest = max(len(run.label) for run in runs)
        table.add_column("rec, KL: nats per image", min_width=min(LABEL_WIDTH, longest))
        table.add_column("", width=12)
        for name, width in (("step", max(8, 2 * steps + 1)), ("steps/s", 7), ("rec", 6), ("KL", 6)):
            table.add_column(name, justify="right", min_width=width, no_wrap=True)
        return table

    def _add_row(self, table: Table, run: Run, progress: Progress) -> None:
        is_training = progress.phase == "training"
        rate = self.watch.rate(run) if is_training else None
        total = max(1, run.steps)  # a baseline takes none
        done = progress.step if progress.phase in {"fitting", "training"} else total
        table.add_row(
            Text(run.label, no_wrap=True, overflow="ellipsis"),
            ProgressBar(total=total, completed=done, width=12),
            f"{progress.step}/{run.steps}" if is_training else progress.phase,
            "" if rate is None else f"{rate:.1f}" if rate < 10 else f"{rate:.0f}",  # noqa: PLR2004
            _nats(progress.reconstruction),
            _nats(progress.kl),
        )

    def _total(self) -> Table:
        watch, elapsed, left = self.watch, self.watch.elapsed, self.watch.left()
        share = 0.0 if left is None else elapsed / max(elapsed + left, 1e-9)
        table = Table.grid(padding=(0, 1))
        table.add_row(
            Text(f"{watch.n_ended} of {watch.n_runs} runs", "bold"),
            Text(_failures(watch.n_failed), "bold red"),
            ProgressBar(total=1.0, completed=share, width=16),
            duration(elapsed),
            _time_left(left),
        )
        return table


def display_for(console: Console) -> Display:
    """Bars on a terminal, lines elsewhere."""
    return Bars(console) if console.is_terminal else Lines(console)


def ending(outcome: Outcome) -> str:
    """How a run ended, in a line."""
    if outcome.status == "failed":
        return f"{outcome.run.label}: failed: {readable(outcome.error)}"
    if outcome.status == "elsewhere":
        return f"{outcome.run.label}: done by another process"
    return f"{outcome.run.label}: {outcome.status} in {duration(outcome.seconds)}"


def _failures(n_failed: int) -> str:
    return f"{n_failed} failed" if n_failed else ""


def _time_left(seconds: float | None) -> str:
    """The time left in steps so coarse that it stands still for a while; nothing if not known."""
    if seconds is None:
        return ""
    step = next((step for limit, step in CALM if seconds >= limit), 1)
    words = duration(round(seconds / step) * step)
    return f"about {words if step == 1 else words.removesuffix(' 00 s')} left"


def _nats(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f}"
