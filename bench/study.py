"""What to train and how to judge it: a grid of runs, validated whole before anything starts."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from disbench.definition import (
    BaselineName,
    BatchSize,
    Count,
    GridName,
    Latents,
    NetworkName,
    OptimiserName,
    Positive,
    Rate,
    Section,
)
from disbench.objective_grid import MAX_RUNS, ObjectiveGrid, objectives_by_name, refuse_too_many
from disbench.runs import Precision, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from disbench.metrics.protocols import GroupProtocol, Protocol


def _counted(seeds: object) -> object:
    """A count n stands for the seeds 0 to n - 1."""
    if not isinstance(seeds, int) or isinstance(seeds, bool):
        return seeds
    if not 1 <= seeds <= MAX_RUNS:
        raise ValueError(f"got {seeds}; a study has 1 to {MAX_RUNS:,} seeds")
    return list(range(seeds))


def _found(names: tuple[str, ...]) -> tuple[Protocol | GroupProtocol, ...]:
    """The protocols of these names, whose module is loaded when first needed."""
    known = import_module("disbench.metrics.protocols")
    return (*known.find(names), *known.find_groups(names))


def _check_protocols(names: tuple[str, ...]) -> tuple[str, ...]:
    _found(names)
    return names


Seeds = Annotated[
    tuple[Count, ...],
    Field(min_length=1, strict=False),
    BeforeValidator(_counted),
]


class ModelSection(Section):
    """The network, by name, and the number of latent dimensions."""

    network: NetworkName = "conv"
    latents: Latents = 10


class TrainingSection(Section):
    """How long and how a model is trained; the defaults are those of study v1."""

    steps: Positive = 300_000
    batch_size: BatchSize = 64
    optimiser: OptimiserName = "adam"
    learning_rate: Rate = 1e-4
    precision: Literal["auto", "fp32", "bf16"] = "auto"


class EvaluationSection(Section):
    """The grid of images that are encoded, and the protocols that score the codes.

    A representation is the posterior mean or one sample of the posterior. A protocol that draws
    is repeated with `repeats` seeds of its own.
    """

    grid: GridName = "full"
    protocols: Annotated[
        tuple[Annotated[str, Field(max_length=100)], ...],
        Field(min_length=1, strict=False),
        AfterValidator(_check_protocols),
    ] = ("beta_vae/locatello2019", "mig/locatello2019", "mig/exact")
    representations: Annotated[
        tuple[Literal["mean", "sampled"], ...], Field(min_length=1, strict=False)
    ] = ("mean", "sampled")
    repeats: Annotated[int, Field(ge=1, le=1000)] = 1
    save_codes: bool = False

    @property
    def keeps_codes(self) -> bool:
        """Whether codes go to disk: they are asked for, or compared with those of other runs."""
        known = import_module("disbench.metrics.protocols")
        return self.save_codes or bool(known.find_groups(self.protocols))

    @model_validator(mode="after")
    def _asks_nothing_twice(self) -> Self:
        _refuse_repeated("representations", iter(self.representations))
        return self

    def unfit(self, n_images: int) -> str | None:
        """Why a grid of so many images is none for these protocols, or None if it is."""
        for protocol in _found(self.protocols):
            if protocol.min_rows > n_images:
                return (
                    f"{protocol.name} needs {protocol.min_rows:,} images; "
                    f"the grid {self.grid!r} has {n_images:,}"
                )
        return None


class Study(Section):
    """A grid of runs and how they are judged: baselines, and objectives that are trained."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    description: Annotated[str, Field(max_length=10_000)] = ""
    data: Annotated[str, Field(min_length=1, max_length=4096)] = "rendered"
    seeds: Seeds = (0,)
    baselines: Annotated[tuple[BaselineName, ...], Field(strict=False)] = ()
    objectives: Annotated[tuple[ObjectiveGrid, ...], Field(strict=False)] = ()
    model: ModelSection = Field(default_factory=ModelSection)
    training: TrainingSection = Field(default_factory=TrainingSection)
    evaluation: EvaluationSection = Field(default_factory=EvaluationSection)

    @property
    def n_runs(self) -> int:
        """How many runs the study has."""
        n_cells = sum(objective.n_cells for objective in self.objectives)
        return len(self.seeds) * (len(self.baselines) + n_cells)

    @property
    def settings(self) -> tuple[str, ...]:
        """What runs of other seeds share, by name: ``beta_vae, beta 4``."""
        runs = self.runs(precision="fp32", data_sha256="")
        return tuple(dict.fromkeys(run.setting for run in runs))

    def runs(self, *, precision: Precision, data_sha256: str) -> tuple[Run, ...]:
        """The runs of the grid, seeds innermost, in a precision that the hardware has.

        Baselines, which take no steps, come first.
        """
        settings: dict[str, Any] = self.model.model_dump() | self.training.model_dump()
        settings |= {"precision": precision, "data_sha256": data_sha256}
        return tuple(
            Run(objective=name, hyperparameters=cell, seed=seed, **settings | steps)
            for name, cell, steps in self._cells()
            for seed in self.seeds
        )

    def _cells(self) -> Iterator[tuple[str, dict[str, float], dict[str, int]]]:
        """Names and hyper-parameters of what is run, and other steps where it takes none."""
        for name in self.baselines:
            yield name, {}, {"steps": 0}
        for objective in self.objectives:
            for cell in objective.cells():
                yield objective.name, cell, {}

    @model_validator(mode="after")
    def _can_score(self) -> Self:
        """Of a file the number of images is not known before it is opened."""
        if self.data in import_module("disbench.data").NAMES:
            n_images = import_module("disbench.dsprites").GRIDS[self.evaluation.grid].n
            if (reason := self.evaluation.unfit(n_images)) is not None:
                raise ValueError(f"evaluation: {reason}")
        return self

    @model_validator(mode="after")
    def _has_batches_that_are_large_enough(self) -> Self:
        size = self.training.batch_size
        for name in (objective.name for objective in self.objectives):
            least = objectives_by_name()[name].least_batch
            if size < least:
                raise ValueError(
                    f"training.batch_size: got {size}; {name} looks at {least} or more at once"
                )
        return self

    @model_validator(mode="after")
    def _trains_nothing_twice(self) -> Self:
        if not (self.baselines or self.objectives):
            raise ValueError("objectives: there are none, and no baselines; give one of either")
        refuse_too_many(self.n_runs)
        _refuse_repeated("seeds", map(str, self.seeds))
        _refuse_repeated("baselines", iter(self.baselines))
        cells = (_cell(o.name, cell) for o in self.objectives for cell in o.cells())
        _refuse_repeated("objectives", cells)
        return self


def _refuse_repeated(key: str, items: Iterator[str]) -> None:
    for item, count in Counter(items).most_common(1):
        if count > 1:
            raise ValueError(f"{key}: {item} is there {count} times; leave it in once")


def _cell(objective: str, values: dict[str, float]) -> str:
    """One name for one loss: the VAE is the beta-VAE at beta = 1."""
    if objective == "vae":
        return _cell("beta_vae", {"beta": 1.0})
    # Adding 0 makes -0 the 0 that it equals.
    settings = ", ".join(f"{name} = {value + 0:g}" for name, value in sorted(values.items()))
    vae = " (the VAE)" if (objective, settings) == ("beta_vae", "beta = 1") else ""
    return f"{objective} {settings}{vae}".rstrip()
