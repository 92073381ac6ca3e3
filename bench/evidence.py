"""All that a report is made from: the frames of one or more results directories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from disbench.dimensions import tabulate_dimensions, tabulate_factors
from disbench.finished import finished_runs
from disbench.settings import SETTING, setting_table, spoken
from disbench.tables import Tables, analyse, learning_curves, recorded
from disbench.trained import without_baselines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from disbench.finished import FinishedRun
    from disbench.store import Store


@dataclass(frozen=True)
class Evidence:
    """The runs of some directories and their frames.

    In each frame the column `setting` is what a reader calls the setting; `settings` lists these
    names in the order in which they are shown. `curves` has a row for each run and record of its
    losses, `dimensions` for each run and dimension, `factors` for each run and factor.
    """

    runs: tuple[FinishedRun, ...]
    tables: Tables
    curves: pd.DataFrame
    dimensions: pd.DataFrame
    factors: pd.DataFrame
    settings: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the directories."""
        return tuple(dict.fromkeys(self.tables.runs["source"]))

    @cached_property
    def trained(self) -> Evidence:
        """What there is of the runs that were trained, without the baselines."""
        tables = self.tables
        runs = without_baselines(tables.runs)
        kept = [setting for setting in self.settings if runs["setting"].eq(setting).any()]
        pairs = tables.comparisons
        both = pairs["first"].isin(kept) & pairs["second"].isin(kept)
        named = {name: without_baselines(getattr(tables, name)) for name in ("scores", "summary")}
        return replace(
            self,
            runs=tuple(run for run in self.runs if not run.run.is_baseline),
            tables=tables._replace(runs=runs, comparisons=pairs[both], **named),
            curves=without_baselines(self.curves),
            dimensions=without_baselines(self.dimensions),
            factors=without_baselines(self.factors),
            settings=tuple(kept),
        )

    def scores_of(self, representation: str) -> pd.DataFrame:
        """The scores of posterior means, or of samples."""
        scores = self.tables.scores
        return scores[scores["representation"].eq(representation)]

    def setting_of(self, run: FinishedRun) -> str:
        """What a reader calls the setting of a run."""
        return self._settings[run.key]

    def label(self, run: FinishedRun) -> str:
        """What a reader calls a run: ``beta 4, seed 0``."""
        return f"{spoken(self.setting_of(run))}, seed {run.run.seed}"

    @cached_property
    def _settings(self) -> dict[tuple[str, str], str]:
        rows = self.tables.runs
        return dict(
            zip(zip(rows["source"], rows["run"], strict=True), rows["setting"], strict=True)
        )


def gather(stores: Mapping[str, Store]) -> Evidence:
    """The evidence of these directories, by the name that each goes by."""
    runs = {name: tuple(finished_runs(store, source=name)) for name, store in stores.items()}
    every = tuple(run for found in runs.values() for run in found)
    frames = [recorded(store, runs[name], source=name) for name, store in stores.items()]
    tables = analyse(*(pd.concat(part, ignore_index=True) for part in zip(*frames, strict=True)))
    names = setting_table(tables.runs)

    def named(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.merge(names, on=list(SETTING), how="left")

    return Evidence(
        runs=every,
        tables=tables._replace(
            runs=named(tables.runs), scores=named(tables.scores), summary=named(tables.summary)
        ),
        curves=named(learning_curves(every)),
        dimensions=named(tabulate_dimensions(every)),
        factors=named(tabulate_factors(every)),
        settings=tuple(names["setting"]),
    )
