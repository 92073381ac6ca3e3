"""Whom to cite for what a report holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from disbench import __version__
from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS
from disbench.models.baselines import BASELINES
from disbench.models.networks import NETWORKS
from disbench.models.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from disbench.tables import Tables

DATASET = (
    "Matthey, Higgins, Hassabis, Lerchner, dSprites: Disentanglement testing Sprites dataset, "
    "2017, github.com/google-deepmind/dsprites-dataset"
)
INTERVALS = (
    "Hesterberg, What teachers should know about the bootstrap, The American Statistician 2015 "
    "(expanded percentile intervals); Newcombe, Confidence intervals for an effect size measure "
    "based on the Mann-Whitney statistic, Statistics in Medicine 2006 (method 5)"
)


VARIANTS = {
    "colour": "Locatello et al. 2019 (Color-dSprites, here with one colour for each image)",
    "noisy": "Locatello et al. 2019 (Noisy-dSprites, here with one noise for each image)",
    "correlated": "Träuble et al. 2021, On Disentangled Representations Learned from "
    "Correlated Data",
}
"""What is drawn from dSprites, by the name of the source."""


class Citation(NamedTuple):
    """What is cited, and its source."""

    of: str
    text: str


def citations(tables: Tables, *, of_dsprites: bool = True) -> list[Citation]:
    """The sources of data, metrics, objectives and baselines, networks and statistics.

    Images of other factors come out of a file, which does not say whose they are.
    """
    models = {name: baseline.citation for name, baseline in BASELINES.items()}
    models |= {name: objective.citation for name, objective in OBJECTIVES.items()}
    protocols = {**PROTOCOLS, **GROUP_PROTOCOLS}
    runs, scores = tables.runs, tables.scores
    return [
        *([Citation("dSprites", DATASET)] if of_dsprites else []),
        *_of(runs["data_source"].dropna(), VARIANTS, "data "),
        *_of(scores["protocol"], {name: p.citation for name, p in protocols.items()}),
        *_of(runs["model"], models),
        *_of(
            runs["network"].dropna(), {name: n.citation for name, n in NETWORKS.items()}, "network "
        ),
        Citation("intervals", INTERVALS),
        Citation(
            "disbench", f"disbench {__version__}: a benchmark of disentangled representations"
        ),
    ]


def _of(names: Iterable[str], sources: Mapping[str, str], prefix: str = "") -> Iterator[Citation]:
    for name in dict.fromkeys(names):
        if name in sources:
            yield Citation(f"{prefix}{name}", sources[name])
