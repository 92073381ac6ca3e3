"""Of a study that repeats what is published, the part that fits a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from disbench.errors import StudyError
from disbench.forecast import end_of
from disbench.reproductions.beside import OF_RUNS
from disbench.study_files import parse_study
from disbench.words import counted, duration, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from disbench.reproductions.reproduction import Reproduction
    from disbench.study import Study

FEW_SEEDS = 3
"""Steps are cut before there are fewer seeds than these: fewer leave no interval worth the name."""

FEWEST_STEPS = 100


@dataclass(frozen=True)
class Costs:
    """Seconds on one process: of a step, by objective, and of a run beside its steps, by model."""

    step: Mapping[str, float]
    beside_steps: Mapping[str, float]

    def of(self, study: Study, *, jobs: int = 1) -> float:
        """Seconds of a whole study with so many processes, each of which does a run at a time."""
        return end_of(self._lengths(study), [0.0] * jobs)

    def _lengths(self, study: Study) -> Iterator[float]:
        """Seconds of each run, in the order of the study."""
        for name in study.baselines:
            yield from repeat(self.beside_steps[name], len(study.seeds))
        for grid in study.objectives:
            seconds = study.training.steps * self.step[grid.name] + self.beside_steps[grid.name]
            yield from repeat(seconds, grid.n_cells * len(study.seeds))


class Slice(NamedTuple):
    """A part of a study, the seconds that it takes, and what was cut of the whole, in words."""

    study: Study
    seconds: float
    cuts: tuple[str, ...]


def slice_of(
    study: Study, reproduction: Reproduction, costs: Costs, *, seconds: float, jobs: int
) -> Slice:
    """The largest part of a study that takes so many seconds with `jobs` processes.

    Cut in this order, as far as it takes: settings of which nothing is published, seeds down to
    three, steps. Raises `StudyError` where not even a hundred steps fit.
    """

    def takes(part: Study) -> float:
        return costs.of(part, jobs=jobs)

    part = study
    if takes(part) > seconds:
        part = _published_settings(part, reproduction)
        part = _fewer_seeds(part, lambda one: takes(one) <= seconds)
    if takes(part) > seconds:
        part = _fewer_steps(part, takes, seconds)
    return Slice(part, takes(part), tuple(_cuts(study, part)))


def published_protocols(study: Study, reproduction: Reproduction) -> Study:
    """The study with no more protocols than those of which something is published.

    They score the posterior means, of which the published numbers are.
    """
    wanted = {table.quantity for table in reproduction.tables}.difference(OF_RUNS)
    content = study.model_dump(mode="json")
    kept = [name for name in study.evaluation.protocols if name in wanted]
    content["evaluation"] |= {"protocols": kept or list(study.evaluation.protocols[:1])}
    content["evaluation"] |= {"representations": ["mean"]}
    return parse_study(content, source=study.name)


def _published_settings(study: Study, reproduction: Reproduction) -> Study:
    """The study with those settings of which something is published, or if of none with all."""
    rows = [row for table in reproduction.tables for row in table.rows]
    wanted = {(row.model, row.hyperparameters or "") for row in rows}
    content = study.model_dump(mode="json")
    content["baselines"] = [name for name in study.baselines if (name, "") in wanted]
    content["objectives"] = [
        {"name": run.objective, **run.hyperparameters}
        for run in study.runs(precision="fp32", data_sha256="")
        if run.seed == study.seeds[0]
        and not run.is_baseline
        and (run.objective, run.written) in wanted
    ]
    nothing_left = not (content["objectives"] or content["baselines"])
    return study if nothing_left else parse_study(content, source=study.name)


def _fewer_seeds(study: Study, fits: Callable[[Study], bool]) -> Study:
    """The study with as many seeds as fit, but not below `FEW_SEEDS`."""
    for n in range(len(study.seeds), FEW_SEEDS, -1):
        part = study.model_copy(update={"seeds": study.seeds[:n]})
        if fits(part):
            return part
    return study.model_copy(update={"seeds": study.seeds[:FEW_SEEDS]})


def _fewer_steps(study: Study, takes: Callable[[Study], float], seconds: float) -> Study:
    """The study with as many steps as fit, rounded down to two digits."""

    def of(steps: int) -> Study:
        training = study.training.model_copy(update={"steps": steps})
        return study.model_copy(update={"training": training})

    fixed, per_step = takes(of(0)), takes(of(1)) - takes(of(0))
    steps = _two_digits((seconds - fixed) / per_step) if per_step > 0 else 0
    fewest = min(FEWEST_STEPS, study.training.steps)
    if steps < fewest:
        least = fixed + fewest * per_step
        trained = f" and {fewest} steps" if study.objectives else ""
        raise StudyError(
            f"{duration(seconds)} are too few for {study.name}: "
            f"{counted(len(study.seeds), 'seed')}{trained} take {duration(least)} here; allow more "
            "--minutes, or leave objectives out with --objective"
        )
    return of(steps)


def _two_digits(steps: float) -> int:
    """The number of steps, rounded down to two digits."""
    whole = max(0, int(steps))
    unit: int = 10 ** max(0, len(str(whole)) - 2)
    return whole // unit * unit


def _cuts(whole: Study, part: Study) -> Iterator[str]:
    kept = part.settings
    gone = [setting for setting in whole.settings if setting not in kept]
    if gone:
        yield f"settings: without {listed(gone)}"
    if len(part.seeds) < len(whole.seeds):
        yield f"seeds: {len(part.seeds)} of {len(whole.seeds)}"
    if part.training.steps < whole.training.steps:
        yield f"steps: {part.training.steps:,} of {whole.training.steps:,}"
