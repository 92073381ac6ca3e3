"""The table that answers first: a row a setting, with the scores that say most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS
from disbench.words import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from disbench.evidence import Evidence

FAMILIES = ("mig", "dci", "factor_vae", "beta_vae", "sap", "infomec")
"""Metrics in the order in which they head a report: the beta-VAE metric saturates, so not first."""

MOST_PROTOCOLS = 4


class Estimate(NamedTuple):
    """A mean over seeds and its 95 % interval; NaN where there is none."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        mean, low, high = (number(value, ".3f") for value in self)
        return mean if np.isnan(self.mean) or np.isnan(self.low) else f"{mean} [{low}, {high}]"


@dataclass(frozen=True)
class HeadlineRow:
    """A setting: its finished runs, means over them in nats per image, and its scores."""

    setting: str
    source: str
    model: str
    beta: float
    hyperparameters: str | None
    n: int
    reconstruction: float
    kl: float
    active_dimensions: float
    scores: tuple[Estimate, ...]


@dataclass(frozen=True)
class Headline:
    """The rows, and the protocols of their scores, which are those of the posterior means."""

    protocols: tuple[str, ...]
    rows: tuple[HeadlineRow, ...]


def headline_of(
    evidence: Evidence, *, most: int = MOST_PROTOCOLS, protocols: tuple[str, ...] | None = None
) -> Headline:
    """A row a setting of the runs, with its scores by these protocols.

    Without `protocols` they are those of `headline_protocols`, at most so many.
    """
    runs, summary = evidence.tables.runs, evidence.tables.summary
    means = summary[summary["representation"].eq("mean")]
    if protocols is None:
        protocols = headline_protocols(means["protocol"], most=most)
    rows = (
        _row(setting, runs[runs["setting"].eq(setting)], means, protocols)
        for setting in evidence.settings
    )
    return Headline(protocols, tuple(rows))


def run_scores(evidence: Evidence) -> dict[tuple[str, str], float]:
    """The score of each run by the first headline protocol, the best run first.

    Empty where of that protocol more is not better; without the runs of which a score is missing.
    """
    means = evidence.scores_of("mean")
    first = filter(more_is_better, headline_protocols(means["protocol"], most=1))
    of_protocol = means[means["protocol"].isin(list(first))]
    values = of_protocol.groupby(["source", "run"])["value"].mean(skipna=False).dropna()
    return dict(values.sort_values(ascending=False, kind="stable").items())  # type: ignore[arg-type]


def headline_protocols(names: Iterable[str], *, most: int = MOST_PROTOCOLS) -> tuple[str, ...]:
    """Of these protocols those to look at first: at most one a metric, and only where the factors
    are looked at and higher is better; where there is none, the first that there are.
    """  # noqa: D205 - one sentence
    there = list(dict.fromkeys(names))
    supervised = [name for name in there if is_supervised(name)]
    first = {name.partition("/")[0]: name for name in reversed(supervised)}
    ordered = sorted(first, key=lambda f: FAMILIES.index(f) if f in FAMILIES else len(FAMILIES))
    return tuple([first[family] for family in ordered] or there)[:most]


def is_supervised(name: str) -> bool:
    """Whether a protocol of this name looks at factors, and more of it is better."""
    return name in PROTOCOLS and PROTOCOLS[name].uses_factors and more_is_better(name)


def more_is_better(name: str) -> bool:
    """Whether of two runs the one that a protocol of this name scores higher is better."""
    protocol = PROTOCOLS.get(name) or GROUP_PROTOCOLS.get(name)
    return protocol is not None and protocol.higher_is_better is True


def _row(
    setting: str, runs: pd.DataFrame, scores: pd.DataFrame, protocols: Sequence[str]
) -> HeadlineRow:
    done = runs[runs["status"].eq("done")]
    first = runs.iloc[0]
    return HeadlineRow(
        setting=setting,
        source=str(first["source"]),
        model=str(first["model"]),
        beta=float(first["beta"]),
        hyperparameters=None if pd.isna(first["hyperparameters"]) else first["hyperparameters"],
        n=len(done),
        reconstruction=float(done["reconstruction"].mean()),
        kl=float(done["kl"].mean()),
        active_dimensions=_mean(done["active_dimensions"]),
        scores=tuple(_estimate(scores, setting, protocol) for protocol in protocols),
    )


def _mean(counts: pd.Series[int]) -> float:
    present = counts.dropna()
    return float(present.mean()) if len(present) else np.nan


def _estimate(scores: pd.DataFrame, setting: str, protocol: str) -> Estimate:
    rows = scores[scores["setting"].eq(setting) & scores["protocol"].eq(protocol)]
    for found in rows[["mean", "mean_low", "mean_high"]].to_numpy():
        return Estimate(*map(float, found))
    return Estimate(np.nan, np.nan, np.nan)
