"""A study from start to finish: what is missing is trained and scored, then all is tabulated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from disbench.engines import executor_of
from disbench.executors import at_a_time
from disbench.plan import make_plan
from disbench.progress import Silent
from disbench.report import write_report
from disbench.rounds import outcomes
from disbench.sittings import EVERY_MINUTE
from disbench.store import Store
from disbench.study import Study
from disbench.study_files import load_study, narrowed
from disbench.writing import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from disbench.evidence import Evidence
    from disbench.executors import Executor
    from disbench.outcomes import Outcome
    from disbench.plan import Plan
    from disbench.progress import Display
    from disbench.sittings import Interval
    from disbench.tables import Tables


MOST_PASSES = 3
"""So often what the report finds damaged is done again; then the disk is past help."""


@dataclass(frozen=True)
class Results:
    """What a study came to: its directory, all frames, and the runs that failed just now.

    `notes` are sentences on files that were found damaged, and set aside.
    """

    directory: Path
    evidence: Evidence
    failed: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()

    @property
    def tables(self) -> Tables:
        """The frames: runs, scores, summary and what is made of them."""
        return self.evidence.tables


def run(
    study: str | Path | Study,
    *,
    out: str | Path | None = None,
    objectives: Sequence[str] | None = None,
    beta: Sequence[float] | None = None,
    seeds: int | None = None,
    steps: int | None = None,
    jobs: int | None = None,
    device: str = "auto",
    tensorboard: bool = False,
    checkpoint: Interval = EVERY_MINUTE,
    executor: str = "local",
    scheduler: str | None = None,
) -> Results:
    """Train and score what a study lacks in its directory, and tabulate all that is there.

    `study` is a shipped name, a TOML file or a `Study`; `objectives` are those of its own to keep,
    and `beta`, `seeds` and `steps` replace parts of it. The directory is `out`, or
    ``results/<name>``; with `tensorboard`, what is trained also writes event files below its
    ``tensorboard/``. `checkpoint` is how often a run under way is saved. A run that raises an error
    is in `Results.failed`, and the others go on.

    `executor` is ``local``, for processes of this machine, or ``dask``, for the workers of the Dask
    cluster whose `scheduler` has this address, or of a cluster of `jobs` that is started here. A
    cluster without a worker is waited for, an hour at most.

    Raises `StudyError` or `StoreError`, before anything starts, for what cannot be run, and
    `WriteError` if on the way nothing can be written any more.
    """
    loaded = study if isinstance(study, Study) else load_study(study)
    loaded = narrowed(loaded, objectives=objectives, beta=beta, seeds=seeds, steps=steps)
    directory = directory_of(loaded, out)
    with executor_of(executor, scheduler=scheduler, jobs=jobs, device=device) as opened:
        plan = make_plan(
            loaded,
            directory,
            device=device,
            tensorboard=tensorboard,
            checkpoint=checkpoint,
            find=opened.hardware,
        )
        return execute(plan, executor=opened, display=Silent())


def directory_of(study: Study, out: str | Path | None) -> Path:
    """Where a study's results go unless told otherwise."""
    return Path(out) if out is not None else Path("results") / study.name


def execute(
    plan: Plan,
    *,
    executor: Executor,
    display: Display,
    on_note: Callable[[str], None] = lambda _: None,
) -> Results:
    """Do what is left of a plan, showing it on the display, then write all tables and figures.

    Runs of the plan that turn out to be damaged when they are read are done again; `on_note` is
    told of each file that was set aside, in a sentence.
    """
    store, notes = Store(plan.directory), list[str]()

    def note(sentence: str) -> None:
        notes.append(sentence)
        on_note(sentence)

    store.open_for(plan.study)
    for _ in range(MOST_PASSES):
        with writing(plan.directory):
            failed = _finish_cells(plan, store, executor, display, note)
        n_before = len(notes)
        evidence = write_report(plan.directory, on_damage=note)
        plan = plan.afresh()
        if len(notes) == n_before or failed or not plan.to_do:
            break
    return Results(plan.directory, evidence, failed, tuple(notes))


def _finish_cells(
    plan: Plan,
    store: Store,
    executor: Executor,
    display: Display,
    on_note: Callable[[str], None],
) -> tuple[Outcome, ...]:
    """Do what is left, and return the outcomes of the runs that failed."""
    if not plan.to_do:
        return ()
    failed = []
    at_once = min(at_a_time(executor, plan.device), len(plan.to_do))
    with display.showing(plan, store, jobs=at_once):
        for outcome in outcomes(plan.to_do, executor, on_note=on_note):
            display.ended(outcome)
            if outcome.status == "failed":
                failed.append(outcome)
    return tuple(failed)
