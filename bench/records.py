"""What is kept of a run: frozen records that are checked when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from disbench.datasets.grid import Grid, grids_of
from disbench.definition import Channels, Count, GridName, Positive, Sha256
from disbench.dsprites.grid import GRIDS
from disbench.metrics.calibration import calibrated
from disbench.runs import Run
from disbench.seals import Seal

SCHEMA: Final = 2
"""The version of the files in a results directory. Those of version 1 have no checksums."""

Schema = Literal[1, 2]


class Record(BaseModel):
    """A frozen record that goes to JSON and back without loss, NaN included."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    unless_usual: ClassVar[frozenset[str]] = frozenset()
    """The fields that are written only where they are not the default, as in most records."""

    @model_serializer(mode="wrap")
    def _without_the_usual(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = handler(self)
        fields = type(self).model_fields
        usual = {n for n in self.unless_usual if getattr(self, n) == fields[n].default}
        return {name: value for name, value in content.items() if name not in usual}


class LossRecord(NamedTuple):
    """Means over the steps since the record before, in nats per image; `kl` is NaN without one."""

    step: int
    loss: float
    reconstruction: float
    kl: float


class Provenance(Record):
    """Everything beside a run's definition that its bits may depend on."""

    disbench: str
    python: str
    torch: str
    numpy: str
    scipy: str
    scikit_learn: str
    platform: str
    device: str
    device_name: str
    threads: Count
    git_commit: str | None
    """Of the working directory, with ``+changes`` where it was not clean."""


class TrainingRecord(Record):
    """How a run was trained; `diverged` if its loss stopped being a finite number.

    What was fitted and not trained has `converged`, unless its iteration ended before it was at
    rest.
    `seconds` are those of all sittings. `provenance` is that of the last one, and `earlier` holds
    those before it that differ: a run may go on from a checkpoint on another machine.
    """

    unless_usual = frozenset({"channels", "converged"})

    schema_version: Schema = SCHEMA
    run: Run
    data_source: str
    channels: Channels = 1
    status: Literal["done", "diverged"]
    converged: bool = True
    steps_done: Count
    started: datetime
    seconds: float
    provenance: Provenance
    earlier: tuple[Provenance, ...] = ()
    files: Mapping[str, Seal] = Field(default_factory=dict)
    """The files that were written with it, by name."""


class Evaluation(Record):
    """Numbers of a trained model, in nats per image where they are nats.

    `reconstruction` is the mean over `n_reconstructed` images of the grid, decoded from one
    posterior sample each (from the code itself for an autoencoder); `kl_by_dimension` holds means
    over the whole grid, `kl` their sum; `elbo` = -(`reconstruction` + `kl`), a lower bound on the
    log-likelihood. Without a posterior there is none of the three; without a decoder nothing is
    reconstructed.

    `active_dimensions` counts those whose posterior mean varies over the images with a variance
    above 0.01 (Burda et al. 2016), a threshold that says little of an autoencoder, whose codes
    have no unit scale.
    """

    reconstruction: float | None
    n_reconstructed: Count
    kl: float | None
    kl_by_dimension: tuple[float, ...] | None
    elbo: float | None
    active_dimensions: Count


class ScoreRecord(Record):
    """A value and what is needed to trust it.

    `floor` is the protocol's value on the same codes once the factors are permuted, `ceiling`
    that of the factors themselves as codes of as many dimensions; `seed` names the draws.
    """

    representation: str
    protocol: str
    protocol_version: Count
    value: float
    floor: float
    ceiling: float
    n_points: Count
    seed: Count

    @property
    def calibrated(self) -> float:
        """0 at the floor, 1 at the ceiling."""
        return calibrated(self.value, floor=self.floor, ceiling=self.ceiling)

    @property
    def key(self) -> tuple[str, int, str, int]:
        """What tells it from the other scores of a run."""
        return (self.protocol, self.protocol_version, self.representation, self.seed)

    @property
    def path(self) -> str:
        """The group of the arrays behind it, in ``details.h5``."""
        return f"{self.protocol}/{self.representation}/{self.seed}"


class EvaluationRecord(Record):
    """What a run's codes on one grid were found to be worth.

    `factors` are how many values each has in the whole set, by name, slowest first; None for those
    of dSprites.
    """

    unless_usual = frozenset({"factors"})

    schema_version: Schema = SCHEMA
    identity: Sha256
    grid: GridName
    factors: Mapping[str, Positive] | None = None
    evaluation: Evaluation
    scores: tuple[ScoreRecord, ...]
    seconds: float
    provenance: Provenance
    files: Mapping[str, Seal] = Field(default_factory=dict)
    """The files that were written with it, by name."""

    @property
    def images(self) -> Grid:
        """The grid of images that was encoded."""
        return self.grid_called(self.grid)

    def grid_called(self, name: str) -> Grid:
        """The grid of this name of the same set of images."""
        return GRIDS[name] if self.factors is None else grids_of(self.factors)[name]


class GroupRecord(Record):
    """What a protocol found of several runs of one setting: a score for each of the identities."""

    schema_version: Schema = SCHEMA
    protocol: str
    protocol_version: Count
    identities: tuple[Sha256, ...]
    scores: tuple[ScoreRecord, ...]
    provenance: Provenance

    @model_validator(mode="after")
    def _has_a_score_for_each(self) -> Self:
        if len(self.scores) != len(self.identities):
            raise ValueError(f"{len(self.scores)} scores of {len(self.identities)} runs")
        return self

    @property
    def key(self) -> tuple[str, int, tuple[str, ...]]:
        """What tells it from other records of groups."""
        return (self.protocol, self.protocol_version, self.identities)


class Failure(Record):
    """A run that raised an error: it will be tried again by the next `disbench run`."""

    unless_usual = frozenset({"channels"})

    schema_version: Schema = SCHEMA
    run: Run
    channels: Channels = 1
    error: str
    traceback: str
