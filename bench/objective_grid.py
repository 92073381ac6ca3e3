"""An objective of a study, with the values of its hyper-parameters that are to be combined."""

from __future__ import annotations

from dataclasses import MISSING, fields
from importlib import import_module
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from disbench.definition import ObjectiveName, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_RUNS = 100_000


def _as_list(values: object) -> object:
    return values if isinstance(values, list | tuple) else [values]


Values = Annotated[tuple[float, ...], Field(min_length=1, strict=False), BeforeValidator(_as_list)]


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
        refuse_too_many(self.n_cells)  # before they are made: there may be more than atoms
        for cell in self.cells():
            objectives_by_name()[self.name](**cell)
        return self


def objectives_by_name() -> Mapping[str, type[Any]]:
    """The table of objectives, whose module is loaded when first needed."""
    objectives: Mapping[str, type[Any]] = import_module("disbench.models.objectives").OBJECTIVES
    return objectives


def _defaults(objective: str) -> dict[str, float | None]:
    """The hyper-parameters of an objective and their defaults, None where one is to be given."""
    given = {field.name: field.default for field in fields(objectives_by_name()[objective])}
    return {name: None if value is MISSING else value for name, value in given.items()}


def refuse_too_many(n_runs: int) -> None:
    """Raise `ValueError` for more than `MAX_RUNS`."""
    if n_runs > MAX_RUNS:
        raise ValueError(f"the grid has {n_runs:,} runs; at most {MAX_RUNS:,} will do")


def _hyperparameters(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"the hyper-parameters {listed}" if listed else "no hyper-parameters"
