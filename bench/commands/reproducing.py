"""`disbench reproduce`: the part of a study that fits a time, beside what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.commands import running
from disbench.errors import StudyError
from disbench.reproductions.costs import measure_costs
from disbench.reproductions.reproduction import reproduction, reproductions
from disbench.reproductions.slicing import published_protocols, slice_of
from disbench.store import Store
from disbench.words import counted, duration, readable

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from disbench.executors import Executor
    from disbench.plan import Plan
    from disbench.reproductions.reproduction import Reproduction
    from disbench.study import Study


def asked_for(
    name: str, *, objective: str | None, seeds: int | None, steps: int | None
) -> tuple[Study, Reproduction]:
    """The study of this name with the parts that the arguments replace, and what is published.

    Raises `StudyError` for a name of which nothing is.
    """
    published = reproduction(name)
    if published is None:
        raise StudyError(
            f"nothing is published of a study {name!r}; "
            f"expected one of {', '.join(reproductions())}"
        )
    study = running.asked_for(name, objective=objective, beta=None, seeds=seeds, steps=steps)
    return published_protocols(study, published), published


def plan(
    study: Study,
    published: Reproduction,
    *,
    out: Path,
    minutes: float,
    device: str,
    executor: Executor,
    console: Console | None,
) -> Plan:
    """The plan of the part that fits; that of a directory that has been begun goes on.

    The console is told what was cut.
    """

    def tell(*lines: str) -> None:
        if console is not None:
            console.print(*lines, sep="\n", markup=False, soft_wrap=True)

    def of(part: Study) -> Plan:
        return running.plan(part, out=out, device=device, find=executor.hardware)

    begun = Store(out).study()
    if begun is not None:
        _check_is_part(begun, study, out)
        tell(
            f"goes on with the part of {study.name} that {readable(out)} was begun with; "
            "for another choose another --out"
        )
        return of(begun)
    whole = of(study)
    tell("measuring what a run costs here ...")
    cohort = executor.cohort(whole.device)
    costs = executor.call(measure_costs, whole, cohort=cohort, jobs=executor.jobs)
    lanes = executor.jobs if cohort == 1 else 1
    part = slice_of(study, published, costs, seconds=60 * minutes, jobs=lanes)
    tell(
        f"{study.name}: about {duration(part.seconds)} of the {duration(60 * minutes)} there are",
        *([f"  cut {cut}" for cut in part.cuts] or ["  nothing is cut"]),
    )
    return of(part.study)


def _check_is_part(begun: Study, study: Study, out: Path) -> None:
    """Raise `StudyError` unless what a directory was begun with is a part of what is asked for."""
    is_part = set(begun.settings) <= set(study.settings) and set(begun.seeds) <= set(study.seeds)
    if begun.name != study.name or not is_part or begun.training.steps > study.training.steps:
        raise StudyError(
            f"{out} was begun with {begun.name}, {counted(begun.n_runs, 'run')} of "
            f"{begun.training.steps:,} steps, which is no part of what is asked for; choose "
            "another --out, or leave --objective, --seeds and --steps as they were"
        )
