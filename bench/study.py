"""What to train and how to judge it: a grid of runs, validated whole before anything starts."""

from __future__ import annotations

from collections import Counter
from dataclasses import MISSING, fields
from importlib import import_module
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from disbench.definition import (
    BaselineName,
    BatchSize,
    Count,
    GridName,
    Latents,
    NetworkName,
    ObjectiveName,
    OptimiserName,
    Positive,
    Rate,
)
from disbench.runs import Precision, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from disbench.metrics.protocols import GroupProtocol, Protocol

MAX_RUNS = 100_000


def _as_list(values: object) -> object:
    return values if isinstance(values, list | tuple) else [values]


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


Values = Annotated[tuple[float, ...], Field(min_length=1, strict=False), BeforeValidator(_as_list)]
Seeds = Annotated[
    tuple[Count, ...],
    Field(min_length=1, strict=False),
    BeforeValidator(_counted),
]


class Section(BaseModel):
    """A part of a study file: frozen, of exact types, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ObjectiveGrid(Section):
    """An objective by name, and under their names the values of its hyper-parameters.

    The grid has a cell for every combination of values. A hyper-parameter that is left out has
    the value that the objective gives it, if it gives one.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Values]

    name: ObjectiveName

    @property
    def hyperparameters(self) -> dict[str, tuple[float, ...]]:
        """The values to combine, by the name of the hyper-parameter, the main one first."""
        return {name: self.__pydantic_extra__[name] for name in _defaults(self.name)}

    @property
    def n_cells(self) -> int:
        """How many combinations there are."""
        return prod(map(len, self.hyperparameters.values()))

    def cells(self) -> Iterator[dict[str, float]]:
        """Every combination of values."""
        names = self.hyperparameters
        return (dict(zip(names, values, strict=True)) for values in product(*names.values()))

    @model_validator(mode="after")
    def _fits_the_objective(self) -> Self:
        given, defaults = self.__pydantic_extra__, _defaults(self.name)
        missing = [name for name, value in defaults.items() if value is None and name not in given]
        if missing or not given.keys() <= defaults.keys():
            raise ValueError(
                f"{self.name} has {_hyperparameters(defaults)}; "
                f"the study gives {_hyperparameters(given)}"
            )
        given.update({name: (v,) for name, v in defaults.items() if v is not None} | given)
        _refuse_too_many(self.n_cells)  # before they are made: there may be more than atoms
        for cell in self.cells():
            _objectives()[self.name](**cell)
        return self


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
            least = _objectives()[name].least_batch
            if size < least:
                raise ValueError(
                    f"training.batch_size: got {size}; {name} looks at {least} or more at once"
                )
        return self

    @model_validator(mode="after")
    def _trains_nothing_twice(self) -> Self:
        if not (self.baselines or self.objectives):
            raise ValueError("objectives: there are none, and no baselines; give one of either")
        _refuse_too_many(self.n_runs)
        _refuse_repeated("seeds", map(str, self.seeds))
        _refuse_repeated("baselines", iter(self.baselines))
        cells = (_cell(o.name, cell) for o in self.objectives for cell in o.cells())
        _refuse_repeated("objectives", cells)
        return self


def _objectives() -> Mapping[str, type[Any]]:
    objectives: Mapping[str, type[Any]] = import_module("disbench.models.objectives").OBJECTIVES
    return objectives


def _defaults(objective: str) -> dict[str, float | None]:
    """The hyper-parameters of an objective and their defaults, None where one is to be given."""
    given = {field.name: field.default for field in fields(_objectives()[objective])}
    return {name: None if value is MISSING else value for name, value in given.items()}


def _refuse_too_many(n_runs: int) -> None:
    if n_runs > MAX_RUNS:
        raise ValueError(f"the grid has {n_runs:,} runs; at most {MAX_RUNS:,} will do")


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


def _hyperparameters(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"the hyper-parameters {listed}" if listed else "no hyper-parameters"
