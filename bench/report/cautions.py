"""What a reader must know before believing a number: computed from the frames, not assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from disbench.dsprites import FULL
from disbench.information import CARRIED
from disbench.records import Provenance
from disbench.report.headline import is_supervised
from disbench.settings import spoken
from disbench.statistics.intervals import most_coverage
from disbench.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from disbench.evidence import Evidence

FEWEST_SEEDS = 5
MOST_NAMED = 6
AT_CEILING = 0.98
"""The calibrated mean (0 at the noise floor, 1 at the ceiling) beyond which a metric is full."""

SHOULD_BE_ONE = (
    "precision",
    "steps",
    "grid",
    *(n for n in Provenance.model_fields if n != "git_commit"),
)
"""Columns of the table of runs that had better hold one value."""

SCORED_WITH = ("disbench", "python", "torch", "numpy", "scipy", "scikit_learn")
"""The same of the table of scores, which may be younger than their runs."""


class Caution(NamedTuple):
    """A kind of doubt, and what gives rise to it."""

    kind: str
    text: str


def cautions(evidence: Evidence, missing: Mapping[str, Sequence[str]]) -> list[Caution]:
    """Every doubt that the numbers raise; `missing` are labels of runs by directory."""
    checks: tuple[Callable[[Evidence], Iterator[Caution]], ...] = (
        _few_seeds,
        _unfinished,
        _resumed_elsewhere,
        _counted_twice,
        _saturated,
        _noise,
        _collapsed,
        _lost_factors,
        _mixed,
    )
    found = [caution for check in checks for caution in check(evidence)]
    return [*_missing(missing), *found]


def _missing(missing: Mapping[str, Sequence[str]]) -> Iterator[Caution]:
    for source, labels in missing.items():
        if labels:
            where = f" in {source}" if len(missing) > 1 else ""
            text = (
                f"{counted(len(labels), 'run')} of the study not finished{where}: {listed(labels)}."
            )
            yield Caution("missing runs", text)


def _few_seeds(evidence: Evidence) -> Iterator[Caution]:
    runs = evidence.tables.runs
    n_seeds = runs[runs["status"].eq("done")].groupby("setting", sort=False).size()
    few = n_seeds[n_seeds < FEWEST_SEEDS]
    if few.empty:
        return
    named = listed([f"{spoken(str(name))} ({n})" for name, n in few.items()])
    n = int(few.min())
    bound = (
        f"with {n} seeds a 95 % bootstrap interval can cover the mean in at most "
        f"{100 * most_coverage(n):.0f} % of cases"
        if n > 1
        else "of one seed there is no interval"
    )
    yield Caution("few seeds", f"Fewer than {FEWEST_SEEDS} finished seeds: {named}; {bound}.")


def _unfinished(evidence: Evidence) -> Iterator[Caution]:
    runs = evidence.tables.runs
    for status, what in (("failed", "failed"), ("diverged", "diverged: the loss was no number")):
        rows = runs[runs["status"].eq(status)]
        if len(rows):
            pairs = zip(rows["setting"], rows["seed"], strict=True)
            labels = listed([f"{spoken(setting)}, seed {seed}" for setting, seed in pairs])
            yield Caution(f"{status} runs", f"{counted(len(rows), 'run')} {what}: {labels}.")


def _resumed_elsewhere(evidence: Evidence) -> Iterator[Caution]:
    """Runs that went on from a checkpoint of another machine or version."""
    runs = evidence.tables.runs
    for others, rows in runs.groupby("resumed_from", sort=False):
        yield Caution(
            "trained in parts",
            f"{counted(len(rows), 'run')} went on from a checkpoint that was written with "
            f"{others}: no one machine gives these bits.",
        )


def _counted_twice(evidence: Evidence) -> Iterator[Caution]:
    """Runs that several directories hold: the same bits are no further evidence."""
    runs = evidence.tables.runs
    done = runs[runs["status"].eq("done")].drop_duplicates(["identity", "source"])
    n_twice = int((done.groupby("identity").size() > 1).sum())
    if n_twice:
        yield Caution(
            "runs counted twice",
            f"{counted(n_twice, 'run')} in more than one directory: what pools the directories, "
            "such as a rank correlation, looks surer than it is.",
        )


def _saturated(evidence: Evidence) -> Iterator[Caution]:
    means = _supervised_means(evidence)
    said = _named(means[means["calibrated_mean"] >= AT_CEILING])
    if said:
        near = f"{100 * AT_CEILING:.0f} %"
        text = f"{near} of the way from floor to ceiling, with little left to tell apart: {said}."
        yield Caution("saturated metric", text)


def _noise(evidence: Evidence) -> Iterator[Caution]:
    """Scores whose interval reaches down to what shuffled factors get; of one seed, the score."""
    means = _supervised_means(evidence)
    lowest = means["calibrated_low"].fillna(means["calibrated_mean"])
    said = _named(means[lowest <= 0])
    if said:
        text = f"Not told apart from shuffled factors: {said}."
        yield Caution("at the noise floor", text)


def _supervised_means(evidence: Evidence) -> pd.DataFrame:
    """The summary of posterior means by the protocols that look at factors.

    That a baseline is full or empty is no doubt: it is there to show where that is.
    """
    summary = evidence.trained.tables.summary
    supervised = [name for name in summary["protocol"] if is_supervised(name)]
    return summary[summary["representation"].eq("mean") & summary["protocol"].isin(supervised)]


def _named(means: pd.DataFrame) -> str:
    """The protocols of these rows, each with its settings, in words."""
    return "; ".join(
        f"{protocol} ({listed([spoken(name) for name in rows['setting']])})"
        for protocol, rows in means.groupby("protocol", sort=False)
    )


def _collapsed(evidence: Evidence) -> Iterator[Caution]:
    """Trained runs whose active dimensions are fewer than the factors to be carried."""
    runs = _with_factors(evidence.trained)
    with_posterior = runs[runs["kl"].notna()]
    parts = []
    for setting in evidence.settings:
        rows = with_posterior[with_posterior["setting"].eq(setting)]
        active = rows.loc[rows["active_dimensions"] < rows["n_factors"], "active_dimensions"]
        if len(active):
            counts = listed([f"{n}" for n in sorted(active.unique())])
            parts.append(f"{spoken(setting)} ({counts} in {len(active)} of {len(rows)} runs)")
    if parts:
        n_factors = " or ".join(f"{n}" for n in sorted(runs["n_factors"].unique()))
        text = f"Fewer active dimensions than the {n_factors} factors: {listed(parts)}."
        yield Caution("few active dimensions", text)


def _with_factors(evidence: Evidence) -> pd.DataFrame:
    """The table of runs, with how many factors the images of each have: of dSprites, or as told."""
    known = {run.key: run.evaluation.images.n_factors for run in evidence.runs if run.evaluation}
    runs = evidence.tables.runs
    keys = zip(runs["source"], runs["run"], strict=True)
    return runs.assign(n_factors=[known.get(key, FULL.n_factors) for key in keys])


def _lost_factors(evidence: Evidence) -> Iterator[Caution]:
    parts = []
    trained = evidence.trained
    for setting in trained.settings:
        rows = trained.factors[trained.factors["setting"].eq(setting)]
        lost = rows[rows["share"] < CARRIED].groupby("factor", sort=False).size()
        n_runs = rows.groupby(["source", "run"]).ngroups
        if len(lost):
            named = listed([f"{factor} in {n}" for factor, n in lost.items()])
            parts.append(f"{spoken(setting)} ({named} of {n_runs} runs)")
    if parts:
        yield Caution(
            "factors that no dimension carries",
            f"No dimension tells {100 * CARRIED:.0f} % of their entropy: {_first(parts)}.",
        )


def _first(parts: list[str]) -> str:
    """Of many settings the first, and how many more: which lose what is in ``factors.csv``."""
    more = len(parts) - MOST_NAMED
    return "; ".join(parts[:MOST_NAMED]) + (f"; and {more} more settings" if more > 0 else "")


def _mixed(evidence: Evidence) -> Iterator[Caution]:
    """More than one version, precision, device or grid behind the runs or scores of a table."""
    runs, scores = evidence.tables.runs, evidence.tables.scores
    for protocol, found in (
        scores.groupby("protocol", sort=False)["protocol_version"].unique().items()
    ):
        if len(found) > 1:
            versions = listed([f"{version}" for version in sorted(found)])
            yield Caution("mixed protocol versions", f"{protocol} has versions {versions}.")
    runs = runs.assign(steps=runs["steps"].where(runs["steps"] > 0))  # baselines take none
    for frame, noun, names in ((runs, "run", SHOULD_BE_ONE), (scores, "score", SCORED_WITH)):
        for name in names:
            counts = frame[name].dropna().value_counts()
            if len(counts) > 1:
                said = listed([f"{value} ({counted(n, noun)})" for value, n in counts.items()])
                yield Caution(f"mixed {name.replace('_', ' ')}", f"{said}.")
