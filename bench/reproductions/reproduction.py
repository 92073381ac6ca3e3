"""Published numbers, as files that ship with the package: one for each study that repeats them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field

from disbench.definition import Section

Statistic = Literal["mean", "best half"]

Some = Annotated[tuple[float, ...], Field(min_length=1, strict=False)]


class PublishedRow(Section):
    """What is published of one setting.

    `model` and `hyperparameters` are as in ``runs.csv``; no model is one that disbench has not.
    `values` are one number, or one for each model that was trained. `conditions` replace those of
    the table.
    """

    label: str
    model: str | None = None
    hyperparameters: str | None = None
    values: Some
    from_memory: bool = False
    conditions: dict[str, str | int | float] | None = None


class PublishedTable(Section):
    """Numbers of one quantity from one source.

    `quantity` is a protocol, scored on posterior means, or ``reconstruction`` or ``kl`` in nats
    per image. A number of a row is the `statistic` of the scores of `n_models` models, of which
    some papers keep the better half. `tolerance` is ours: what lies within it is equal to us.
    `conditions` are columns of ``runs.csv`` and what the numbers hold for, beside dSprites. What of
    the training is `unknown` keeps its rows from being judged.
    """

    quantity: str
    source: str
    statistic: Statistic = "mean"
    n_models: Annotated[int, Field(ge=1)] = 1
    tolerance: Annotated[float, Field(gt=0)]
    conditions: dict[str, str | int | float] = Field(default_factory=dict)
    unknown: Annotated[tuple[str, ...], Field(strict=False)] = ()
    rows: Annotated[tuple[PublishedRow, ...], Field(min_length=1, strict=False)]

    def unknown_of(self, row: PublishedRow) -> tuple[str, ...]:
        """What of the training of a row is not known; one with its own conditions has none."""
        return self.unknown if row.conditions is None else ()

    def conditions_of(self, row: PublishedRow) -> dict[str, str | int | float]:
        """What the numbers of a row hold for."""
        return self.conditions if row.conditions is None else row.conditions


class Reproduction(Section):
    """The tables that a study of the same name repeats, and how it differs from their source."""

    title: str
    differences: Annotated[tuple[str, ...], Field(strict=False)]
    tables: Annotated[tuple[PublishedTable, ...], Field(min_length=1, strict=False)]


def reproductions() -> tuple[str, ...]:
    """The names of the studies that repeat what is published."""
    folder = resources.files("disbench.reproductions")
    names = (file.name for file in folder.iterdir())
    return tuple(sorted(n.removesuffix(".toml") for n in names if n.endswith(".toml")))


@cache
def reproduction(name: str) -> Reproduction | None:
    """What is published for the study of this name, None where there is nothing."""
    if name not in reproductions():
        return None
    text = (resources.files("disbench.reproductions") / f"{name}.toml").read_text("utf-8")
    return Reproduction.model_validate(tomllib.loads(text))
