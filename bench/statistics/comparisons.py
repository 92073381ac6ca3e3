"""Which setting beats which, how surely, and whether that could be luck."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from disbench.columns import frame_of
from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS
from disbench.models.baselines import BASELINES
from disbench.settings import setting_names, settings_of
from disbench.statistics.run_scores import CELL, run_scores
from disbench.statistics.superiority import mann_whitney, probability_interval

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from disbench.metrics.arrays import BoolArray, FloatArray

LOWER_IS_BETTER = frozenset(
    name
    for name, protocol in {**PROTOCOLS, **GROUP_PROTOCOLS}.items()
    if protocol.higher_is_better is False
)

DETERMINISTIC = frozenset(name for name, known in BASELINES.items() if known.deterministic)


def compare_settings(scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each representation, protocol and pair of settings, in the order of `settings_of`.

    A run's score is its mean over evaluation seeds. `difference` is the mean of `first` minus that
    of `second`, `probability` that a run of `first` beats one of `second`, ties counting half. The
    higher score beats the lower, unless the protocol says that lower is better. `low` to `high` is
    the 95 % interval of the probability (`probability_interval`), `p` that of the two-sided
    Mann-Whitney test (`mann_whitney`), and `p_adjusted` the same after Holm's correction for all
    pairs of the representation and protocol (Holm 1979). Pairs with a baseline are a family of
    their own: which baselines there are has no say in what is said of trained settings.

    All of these are NaN where a score is missing or infinite. Where a setting has one run, whose
    spread is unknown, the interval and both p are. Both p are NaN for pairs with a deterministic
    baseline: its runs differ in the draws of the evaluation alone, and are no sample of any others.
    """
    runs = run_scores(scores)
    runs["setting"] = setting_names(runs)
    order = settings_of(runs)
    models = dict(zip(runs["setting"], runs["model"], strict=True))
    with _little_to_collect():
        tables = [
            _compared(
                _samples(cell, order), models, lower_is_better=protocol in LOWER_IS_BETTER
            ).assign(representation=str(representation), protocol=str(protocol))
            for (representation, protocol), cell in runs.groupby(list(CELL), sort=False)
        ]
    return frame_of("comparisons", pd.concat(tables) if tables else [])


@contextmanager
def _little_to_collect() -> Iterator[None]:
    """Keep what there is out of sight of the garbage collector inside the block.

    `multipletests` calls it every time, which with all objects of a report takes 0.2 s.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _samples(runs: pd.DataFrame, order: Iterable[str]) -> dict[str, FloatArray]:
    """The scores of each setting that has some, in this order."""
    groups = {name: group.to_numpy() for name, group in runs.groupby("setting")["value"]}
    return {str(name): groups[name] for name in order if name in groups}


def _compared(
    samples: Mapping[str, FloatArray], models: Mapping[str, str], *, lower_is_better: bool
) -> pd.DataFrame:
    """The pairs of one representation and protocol; `models` are those of the settings."""
    pairs = list(combinations(samples, 2))
    values = [(samples[first], samples[second]) for first, second in pairs]
    n_first, n_second = np.array([[len(a), len(b)] for a, b in values]).reshape(-1, 2).T
    probability, p = mann_whitney([(b, a) if lower_is_better else (a, b) for a, b in values])
    alone = (n_first == 1) | (n_second == 1)
    p[alone | _with_any(DETERMINISTIC, pairs, models)] = np.nan
    low, high = probability_interval(np.where(alone, np.nan, probability), n_first, n_second)
    differences = np.array([a.mean() - b.mean() for a, b in values])
    return pd.DataFrame(
        {
            "first": [first for first, _ in pairs],
            "second": [second for _, second in pairs],
            "n_first": n_first,
            "n_second": n_second,
            "difference": np.where(np.isnan(probability), np.nan, differences),
            "probability": probability,
            "low": low,
            "high": high,
            "p": p,
            "p_adjusted": _by_family(p, _with_any(BASELINES, pairs, models)),
        }
    )


def _with_any(
    names: Collection[str], pairs: Iterable[tuple[str, str]], models: Mapping[str, str]
) -> BoolArray:
    """Which of the pairs have a setting of one of these models."""
    return np.array([models[a] in names or models[b] in names for a, b in pairs], np.bool_)


def _by_family(p: FloatArray, apart: BoolArray) -> FloatArray:
    """The p of two families of tests, each corrected by itself."""
    adjusted = np.empty(len(p))
    for family in (apart, ~apart):
        adjusted[family] = _holm(p[family])
    return adjusted


def _holm(p: FloatArray) -> FloatArray:
    """The p of several tests, corrected for those that have one."""
    adjusted, tested = np.full(len(p), np.nan), np.isfinite(p)
    if tested.any():
        adjusted[tested] = multipletests(p[tested], method="holm")[1]
    return adjusted
