"""`disbench run`: the plan, its execution, and what is printed of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from disbench.commands.interrupting import EXIT_INTERRUPTED, GO_ON, INTERRUPTED, interruptible
from disbench.commands.telling import Found
from disbench.engines import executor_of
from disbench.errors import StudyError, WriteError
from disbench.estimate import estimate
from disbench.executors import at_a_time
from disbench.hardware import find_hardware
from disbench.plan import make_plan
from disbench.runner import directory_of
from disbench.runner import execute as execute_plan
from disbench.sittings import Interval
from disbench.study_files import load_study, narrowed
from disbench.words import counted, duration, listed, readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from disbench.commands.telling import Teller
    from disbench.executors import Executor
    from disbench.hardware import Hardware
    from disbench.plan import Plan
    from disbench.study import Study

EXIT_DONE, EXIT_FAILED = 0, 1
SECONDS_OF = {"s": 1, "min": 60, "h": 3600}


def plan(
    study: Study,
    *,
    out: Path | None,
    device: str,
    tensorboard: bool = False,
    checkpoint: str = "1min",
    find: Callable[[str, str], Hardware] = find_hardware,
) -> Plan:
    """The plan that the arguments of the command describe."""
    return make_plan(
        study,
        directory_of(study, out),
        device=device,
        tensorboard=tensorboard,
        checkpoint=_interval(checkpoint),
        find=find,
    )


def opened(
    executor: str, scheduler: str | None, *, jobs: int | None, device: str, console: Console | None
) -> Executor:
    """The executor that the arguments of the command describe; what it waits for is printed."""

    def tell(text: str) -> None:
        if console is not None:
            console.print(text, markup=False, soft_wrap=True)

    return executor_of(executor, scheduler=scheduler, jobs=jobs, device=device, tell=tell)


def asked_for(
    study: str, *, objective: str | None, beta: str | None, seeds: int | None, steps: int | None
) -> Study:
    """The study with the parts that the arguments of the command replace."""
    return narrowed(
        load_study(study),
        objectives=None if objective is None else [name.strip() for name in objective.split(",")],
        beta=None if beta is None else _numbers(beta),
        seeds=seeds,
        steps=steps,
    )


def execute(plan: Plan, *, executor: Executor, teller: Teller, errors: Console) -> int:
    """Carry the plan out, and return the exit code."""
    display = teller.started(plan, jobs=at_a_time(executor, plan.device))

    def note(sentence: str) -> None:
        errors.print(readable(sentence), markup=False, soft_wrap=True)

    try:
        with interruptible(executor, errors):
            results = execute_plan(plan, executor=executor, display=display, on_note=note)
    except KeyboardInterrupt:
        errors.print(INTERRUPTED, soft_wrap=True)
        return EXIT_INTERRUPTED
    except WriteError as error:
        errors.print(f"{error}\n{GO_ON}", markup=False, soft_wrap=True)
        return EXIT_FAILED
    teller.finished(Found(results.directory, results.evidence, notes=results.notes))
    for outcome in results.failed:
        trace = results.directory / "failures" / f"{outcome.run.id}.json"
        errors.print(
            f"failed: {outcome.run.label}: {readable(outcome.error)}\n"
            f"  traceback: {readable(trace)}",
            markup=False,
            soft_wrap=True,
        )
    return EXIT_FAILED if results.failed else EXIT_DONE


def show(plan: Plan, *, executor: Executor, console: Console) -> None:
    """Print the grid, what is done, and what the rest will take; no run is started."""
    to_do = {cell.run.id for cell in plan.to_do}
    for cell in plan.cells:
        state = "to do" if cell.run.id in to_do else "done"
        console.print(f"{state:6} {cell.run.label}", markup=False)
    where = readable(plan.directory)
    console.print(
        f"\n{counted(len(plan.cells), 'run')}, {plan.n_done} done; results: {where}/",
        markup=False,
        soft_wrap=True,
    )
    if not plan.to_do:
        return
    cost = executor.call(estimate, plan, jobs=executor.jobs, cohort=executor.cohort(plan.device))
    training = plan.study.training
    each = [f"{1000 * seconds:.0f} ms ({name})" for name, seconds in cost.step_seconds.items()]
    steps = f"  {training.steps:,} steps a run, measured here just now: {listed(each, most=20)}\n"
    console.print(
        f"about {duration(cost.seconds)} with {cost.jobs} at a time on {plan.device}, "
        f"{training.precision}, scoring apart\n"
        f"{steps if each else ''}"
        f"  memory: about {cost.memory_bytes / 1e9:.1f} GB, all processes together\n"
        f"  disk: about {cost.disk_bytes / 1e6:,.0f} MB",
        markup=False,
    )


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise StudyError(f"--beta {text!r}: expected numbers with commas, such as 1,4") from None


def _interval(text: str) -> Interval:
    """The interval of ``500steps``, ``90s``, ``5min`` or ``1h``."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)\s*", text)
    amount, unit = (float(found[1]), found[2]) if found else (0.0, "")
    if amount > 0 and unit in SECONDS_OF:
        return Interval(seconds=amount * SECONDS_OF[unit])
    if amount >= 1 and amount.is_integer() and unit in {"step", "steps"}:
        return Interval(steps=int(amount))
    raise StudyError(
        f"--checkpoint-every {text!r}: expected a time or a number of steps, "
        "such as 30s, 5min, 1h or 500steps"
    )
