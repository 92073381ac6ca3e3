"""`disbench run`: the plan, its execution, and what is printed of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.commands.telling import Found
from disbench.errors import StudyError
from disbench.estimate import estimate
from disbench.executors import default_jobs
from disbench.plan import make_plan
from disbench.runner import directory_of
from disbench.runner import execute as execute_plan
from disbench.study_files import load_study, narrowed
from disbench.words import duration, readable

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from disbench.commands.telling import Teller
    from disbench.plan import Plan

EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 130


def plan(
    study: str,
    *,
    out: Path | None,
    beta: str | None,
    seeds: int | None,
    steps: int | None,
    device: str,
    tensorboard: bool = False,
) -> Plan:
    """The plan that the arguments of the command describe."""
    betas = None if beta is None else _numbers(beta)
    narrow = narrowed(load_study(study), beta=betas, seeds=seeds, steps=steps)
    return make_plan(narrow, directory_of(narrow, out), device=device, tensorboard=tensorboard)


def execute(plan: Plan, *, jobs: int | None, teller: Teller, errors: Console) -> int:
    """Carry the plan out, and return the exit code."""
    jobs = jobs or default_jobs(plan.device)
    display = teller.started(plan, jobs=jobs)
    try:
        results = execute_plan(plan, jobs=jobs, display=display)
    except KeyboardInterrupt:
        errors.print(
            "interrupted: finished runs are kept; the same command goes on from there",
            soft_wrap=True,
        )
        return EXIT_INTERRUPTED
    teller.finished(Found(results.directory, results.evidence))
    for outcome in results.failed:
        trace = results.directory / "failures" / f"{outcome.run.id}.json"
        errors.print(
            f"failed: {outcome.run.label}: {readable(outcome.error)}\n"
            f"  traceback: {readable(trace)}",
            markup=False,
            soft_wrap=True,
        )
    return EXIT_FAILED if results.failed else EXIT_DONE


def show(plan: Plan, *, jobs: int | None, console: Console) -> None:
    """Print the grid, what is done, and what the rest will take; nothing is started."""
    for cell in plan.cells:
        state = "to do" if cell in plan.to_do else "done"
        console.print(f"{state:6} {cell.run.label}", markup=False)
    where = readable(plan.directory)
    console.print(
        f"\n{len(plan.cells)} runs, {plan.n_done} done; results: {where}/",
        markup=False,
        soft_wrap=True,
    )
    if not plan.to_do:
        return
    cost = estimate(plan, jobs=jobs or default_jobs(plan.device))
    training = plan.study.training
    console.print(
        f"about {duration(cost.seconds)} with {cost.jobs} at a time on {plan.device}, "
        f"{training.precision}, scoring apart\n"
        f"  {training.steps:,} steps a run of {1000 * cost.step_seconds:.0f} ms, "
        "measured here just now\n"
        f"  memory: about {cost.memory_bytes / 1e9:.1f} GB, all processes together\n"
        f"  disk: about {cost.disk_bytes / 1e6:,.0f} MB",
        markup=False,
    )


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise StudyError(f"--beta {text!r}: expected numbers with commas, such as 1,4") from None
