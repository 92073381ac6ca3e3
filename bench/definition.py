"""What the parts of a run's definition may be, in a file that is read as in a record."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

UNKNOWN = "unknown_name"
"""The type of the error of a name that is in no table, as pydantic calls it."""


class Section(BaseModel):
    """A part of a file that somebody writes: frozen, of exact types, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def one_of(module: str, table: str) -> AfterValidator:
    """A validator of names: the keys of a table, whose module is loaded when first needed."""
    return one_of_several((module, table))


def one_of_several(*tables: tuple[str, str]) -> AfterValidator:
    """The same for the keys of several tables, each a module and its name there.

    A table is loaded only for a name that none before it has.
    """

    def check(name: str) -> str:
        names: list[str] = []
        for module, table in tables:
            names += getattr(import_module(module), table)
            if name in names:
                return name
        text = f"there is no {name!r}; expected one of {', '.join(names)}"
        raise PydanticCustomError(UNKNOWN, "{text}", {"text": text})

    return AfterValidator(check)


Count = Annotated[int, Field(ge=0, lt=2**63)]
Positive = Annotated[int, Field(ge=1, lt=2**63)]
Latents = Annotated[int, Field(ge=1, le=1024)]
Channels = Annotated[int, Field(ge=1, le=3)]
BatchSize = Annotated[int, Field(ge=1, le=65_536)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

ObjectiveName = Annotated[str, one_of("disbench.models.objectives", "OBJECTIVES")]
BaselineName = Annotated[str, one_of("disbench.models.baselines", "BASELINES")]
ModelName = Annotated[
    str,
    one_of_several(
        ("disbench.models.baselines", "BASELINES"), ("disbench.models.objectives", "OBJECTIVES")
    ),
]
NetworkName = Annotated[str, one_of("disbench.models.networks", "NETWORKS")]
OptimiserName = Annotated[str, one_of("disbench.optimisers", "OPTIMISERS")]
GridName = Annotated[str, one_of("disbench.dsprites", "GRIDS")]
