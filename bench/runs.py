"""A run: one cell of a grid, frozen, with the identity that its random streams come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping  # noqa: TC003 - records with a run are validated from it
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from disbench.definition import (  # noqa: TC001 - records with a run are validated from them
    BatchSize,
    Count,
    Latents,
    ModelName,
    NetworkName,
    OptimiserName,
    Rate,
    Sha256,
)
from disbench.models.baselines import BASELINES
from disbench.words import digits

if TYPE_CHECKING:
    from disbench.models.objectives import Objective

TRAINING_VERSION = 2
"""Raised when the same definition would train to other weights than before."""

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class Run:
    """Everything that defines a trained model, and nothing else.

    A baseline is a run, too: its objective is its name, and it takes no steps.

    A run is checked where it is read, as a study is: pydantic reads these annotations. One that is
    made here is made from a study, and is not checked again.
    """

    objective: ModelName
    hyperparameters: Mapping[str, float]
    seed: Count
    network: NetworkName
    latents: Latents
    steps: Count
    batch_size: BatchSize
    optimiser: OptimiserName
    learning_rate: Rate
    precision: Precision
    data_sha256: Sha256
    training_version: Count = TRAINING_VERSION

    @cached_property
    def identity(self) -> str:
        """The SHA-256 of the definition: equal for two runs exactly when they are the same."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def id(self) -> str:
        """A folder name that a person can read: objective, hyper-parameters, seed, identity."""
        settings = [f"{name}{value:g}" for name, value in self.chosen.items()]
        return "-".join([self.objective, *settings, f"seed{self.seed}", self.identity[:12]])

    @property
    def chosen(self) -> dict[str, float]:
        """The hyper-parameters to name: the main one, and those that are not at their defaults."""
        if self.is_baseline:
            return {}
        objective: Any = self.with_hyperparameters()  # a dataclass, which no protocol can say
        defaults = {field.name: field.default for field in fields(objective)}
        return {n: value for n, value in self.hyperparameters.items() if value != defaults[n]}

    @property
    def written(self) -> str:
        """What the tables call the hyper-parameters: ``capacity=25 gamma=100``."""
        return " ".join(f"{name}={digits(value)}" for name, value in self.chosen.items())

    @property
    def setting(self) -> str:
        """What runs of other seeds share: ``beta_vae, beta 4``."""
        settings = [f"{name} {value:g}" for name, value in self.chosen.items()]
        return ", ".join([self.objective, *settings])

    @property
    def label(self) -> str:
        """What a person calls the run: ``beta_vae, beta 4, seed 0``."""
        return f"{self.setting}, seed {self.seed}"

    @property
    def beta(self) -> float | None:
        """The hyper-parameter of this name: 1 for a VAE, None where there is none.

        What it weighs is for the objective to say; see `weight_of_kl`.
        """
        return None if self.is_baseline else getattr(self.with_hyperparameters(), "beta", None)

    @property
    def weight_of_kl(self) -> float | None:
        """Beta where the KL as a whole is weighed by it, and otherwise None."""
        if self.is_baseline or not self.with_hyperparameters().weighs_kl:
            return None
        return self.beta

    @property
    def is_baseline(self) -> bool:
        """Whether nothing is trained."""
        return self.objective in BASELINES

    @property
    def has_network(self) -> bool:
        """Whether a network makes the codes."""
        return not self.is_baseline or BASELINES[self.objective].kind == "network"

    @property
    def is_wide(self) -> bool:
        """Whether the codes of a whole grid are too many to be kept in memory or on disk."""
        return self.is_baseline and BASELINES[self.objective].wide

    @property
    def is_variational(self) -> bool:
        """Whether the codes have a posterior."""
        if self.is_baseline:
            return BASELINES[self.objective].variational
        return self.with_hyperparameters().variational

    def with_hyperparameters(self) -> Objective:
        """The objective that this run minimises; a baseline has none."""
        from disbench.models.objectives import OBJECTIVES  # noqa: PLC0415 - torch is slow to load

        return OBJECTIVES[self.objective](**self.hyperparameters)

    @model_validator(mode="after")
    def _has_an_objective(self) -> Self:
        if self.is_baseline:
            if self.steps or self.hyperparameters:
                raise ValueError(f"{self.objective} takes no steps and no hyper-parameters")
            return self
        if not self.steps:
            raise ValueError(f"{self.objective} is trained: it takes at least 1 step")
        try:
            self.with_hyperparameters()
        except TypeError as error:
            raise ValueError(f"the hyper-parameters do not fit {self.objective}: {error}") from None
        return self
