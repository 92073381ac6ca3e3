"""What the numbers say, in sentences: each is chosen by the numbers that it quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from statsmodels.stats.multitest import multipletests

from disbench.metrics.protocols import PROTOCOLS
from disbench.report.headline import headline_protocols, more_is_better
from disbench.settings import hyperparameter_word, spoken
from disbench.words import SIGNIFICANT, counted, listed, p_value, per_cent

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from disbench.evidence import Evidence
    from disbench.tables import Tables

CHOSEN = {"source": "the directory", "objective": "the objective"}
"""What a run was given beside hyper-parameters, by its column in the table of variance."""

EQUAL_SHARES = 0.05
"""Shares of variance closer than this are called equal."""

STRONG, WEAK = 0.7, 0.3
"""Rank correlations: at least `STRONG` is agreement, below `WEAK` next to none."""

NAMES = {
    "reconstruction": "the reconstruction error",
    "kl": "the KL",
    "elbo": "the ELBO",
    "active_dimensions": "the number of active dimensions",
}


def findings(evidence: Evidence) -> list[str]:
    """A sentence a finding, on the first headline protocol of the posterior means; none of none."""
    tables = evidence.tables
    means = tables.scores[tables.scores["representation"].eq("mean")]
    protocols = headline_protocols(means["protocol"])
    if not protocols:
        return []
    [protocol, *_] = protocols
    found = (
        *_best_setting(tables, protocol),
        *_choice_and_luck(tables, protocol),
        *_overlap(means[means["protocol"].eq(protocol)], protocol),
        *_tradeoff(tables.agreement, protocol),
        *_agreement(tables.agreement, headline_protocols(means["protocol"], most=len(PROTOCOLS))),
        *_without_labels(tables.agreement, protocol),
    )
    return list(found)


def _best_setting(tables: Tables, protocol: str) -> Iterator[str]:
    """Which setting is ahead, and whether its lead over the next may be chance."""
    summary = tables.summary
    rows = summary[summary["representation"].eq("mean") & summary["protocol"].eq(protocol)]
    known = rows[np.isfinite(rows["mean"])]
    ranked = known.sort_values("mean", ascending=False, kind="stable")
    if not more_is_better(protocol) or ranked["mean"].nlargest(2).nunique() < 2:  # noqa: PLR2004 - to compare
        return
    best, second = ranked.iloc[0], ranked.iloc[1]
    among = "" if len(known) == len(rows) else "Of the settings whose scores are all numbers, "
    opening = (
        f"{among}{spoken(best['setting'])} has the highest mean {protocol}: {best['mean']:.3f}"
        f"{_interval(best['mean_low'], best['mean_high'])} over {counted(best['n'], 'seed')}"
    )
    lead = _comparison(tables.comparisons, protocol, best["setting"], second["setting"])
    if lead is None or np.isnan(lead.p):
        next_one = spoken(second["setting"])
        yield f"{opening}; with so few seeds its lead over {next_one} cannot be judged."
        return
    yield (
        f"{opening}. A run of it beats one of the next, {spoken(second['setting'])}, with "
        f"probability {lead.probability:.2f}{_interval(lead.low, lead.high, digits=2)}, "
        f"{_judged(lead)} ({p_value(lead.p)}, corrected for the number of pairs)."
    )


class _Lead(NamedTuple):
    probability: float
    low: float
    high: float
    p: float


def _judged(lead: _Lead) -> str:
    if lead.p >= SIGNIFICANT:
        return "which may be chance"
    if lead.probability < 0.5:  # noqa: PLR2004 - a few scores can lift a mean above the other
        return "so that for all its mean it loses more often than chance explains"
    return "more than chance explains"


def _comparison(comparisons: pd.DataFrame, protocol: str, better: str, worse: str) -> _Lead | None:
    """How often a run of one setting beats one of the other, whichever way round it is stored."""
    rows = comparisons[
        comparisons["representation"].eq("mean") & comparisons["protocol"].eq(protocol)
    ]
    for first, second in ((better, worse), (worse, better)):
        match = rows[rows["first"].eq(first) & rows["second"].eq(second)]
        if len(match):
            row = match.iloc[0]
            lead = _Lead(row["probability"], row["low"], row["high"], row["p_adjusted"])
            return (
                lead if first == better else _Lead(1 - lead[0], 1 - lead[2], 1 - lead[1], lead[3])
            )
    return None


def _choice_and_luck(tables: Tables, protocol: str) -> Iterator[str]:
    """What was chosen (directory, objective, hyper-parameters) against what was not (the seed)."""
    variance, labels = tables.variance, CHOSEN | {"hyperparameters": _told(tables.runs)}
    rows = variance[variance["representation"].eq("mean") & variance["protocol"].eq(protocol)]
    several = rows[rows["n_settings"] > 1]  # or there was no choice
    for row in several.dropna(subset=["seed"]).to_dict("records"):
        # A part that cannot be told from the one above it is contained there.
        parts = {label: row[name] for name, label in labels.items() if row[name] > 0}
        chosen, what = sum(parts.values()), listed(list(parts)) or "what was chosen"
        luck, evaluation = "the seed", row["evaluation"]
        if np.isnan(evaluation):
            luck = "the seed and the protocol's own draws"
        shares = [f"{per_cent(chosen)} goes with {what}", f"{per_cent(row['seed'])} with {luck}"]
        if evaluation > 0:
            shares.append(f"{per_cent(evaluation)} with the protocol's own draws")
        verdict = _weighed(chosen - row["seed"])
        yield f"Of the variance of {protocol} over all runs, {listed(shares)}: {verdict}."


def _told(runs: pd.DataFrame) -> str:
    word = hyperparameter_word(runs)
    return word if word == "beta" else f"the {word}"


def _weighed(lead: float) -> str:
    if abs(lead) < EQUAL_SHARES:
        return "the seed counts about as much"
    return "the choice counts for more" if lead > 0 else "the seed counts for more"


def _overlap(scores: pd.DataFrame, protocol: str) -> Iterator[str]:
    """Whether the best run of the worst setting passes the worst run of the best."""
    by_run = scores.groupby(["setting", "source", "run"])["value"].mean(skipna=False)
    by_setting = by_run.groupby(level="setting")
    means = by_setting.mean().sort_values(kind="stable")
    if not (more_is_better(protocol) and np.isfinite(by_run).all()):
        return
    if means.nunique() < 2 or by_setting.size().min() < 2:  # noqa: PLR2004 - two ranges
        return
    worst, best = str(means.index[0]), str(means.index[-1])
    lucky, unlucky = by_setting.max()[worst], by_setting.min()[best]
    yield (
        f"The luckiest seed of the lowest setting, {spoken(worst)}, scores {lucky:.3f} on "
        f"{protocol}, {'above' if lucky > unlucky else 'not above'} the unluckiest of the highest, "
        f"{spoken(best)}, with {unlucky:.3f}."
    )


def _tradeoff(agreement: pd.DataFrame, protocol: str) -> Iterator[str]:
    found = _correlation(agreement, protocol, "reconstruction")
    if found is None:
        return
    if found.p >= SIGNIFICANT:
        verdict = f"Between reconstruction error and {protocol} no correlation is beyond chance"
    else:
        way = "worse" if found.rho > 0 else "better"
        verdict = f"Runs that reconstruct {way} score higher on {protocol}"
    yield f"{verdict} (Spearman's rho = {found.rho:.2f}, {p_value(found.p)}, {found.n} runs)."


def _agreement(agreement: pd.DataFrame, protocols: tuple[str, ...]) -> Iterator[str]:
    """The two supervised metrics that agree least."""
    rows = agreement[
        agreement["representation"].eq("mean")
        & agreement["first"].isin(protocols)
        & agreement["second"].isin(protocols)
    ].dropna(subset=["rho"])
    if len(rows) < 2:  # noqa: PLR2004 - the only pair is not the one that agrees least
        return
    row = rows.sort_values("rho", kind="stable").iloc[0]
    yield (
        f"Of the metrics, {row['first']} and {row['second']} agree least on the order of the runs: "
        f"{_strength(row['rho'])} (Spearman's rho = {row['rho']:.2f}, {row['n']} runs)."
    )


def _strength(rho: float) -> str:
    if rho >= STRONG:
        return "yet even they agree well"
    if rho >= WEAK:
        return "they agree in part"
    return "they hardly agree" if rho > -WEAK else "what one ranks high the other ranks low"


def _without_labels(agreement: pd.DataFrame, protocol: str) -> Iterator[str]:
    """Which measure that needs no factors orders the runs most clearly as the protocol does."""
    known = dict.fromkeys(agreement[["first", "second"]].to_numpy().ravel())
    tried = (_correlation(agreement, protocol, n) for n in known if _needs_no_factors(str(n)))
    found = [correlation for correlation in tried if correlation is not None]
    if not found or _needs_no_factors(protocol):
        return
    # The least p, not the greatest rho: that may be one of fewer runs.
    best = min(found, key=lambda correlation: (correlation.p, -abs(correlation.rho)))
    p = float(multipletests([c.p for c in found], method="holm")[1][found.index(best)])
    name = NAMES.get(best.other, best.other)
    detail = f"(Spearman's rho = {best.rho:.2f}, {p_value(p)} corrected for {len(found)} tried)"
    if p >= SIGNIFICANT:
        yield (
            f"No measure that needs no labels correlates with {protocol} beyond chance; "
            f"the clearest is {name} {detail}."
        )
    else:
        way = f"as {protocol} does" if best.rho > 0 else f"against {protocol}"
        yield f"Without labels, {name} orders the runs most clearly {way} {detail}."


def _needs_no_factors(name: str) -> bool:
    return (
        name in NAMES
        or name.startswith("udr/")
        or (name in PROTOCOLS and not PROTOCOLS[name].uses_factors)
    )


class _Correlation(NamedTuple):
    other: str
    rho: float
    p: float
    n: int


def _correlation(agreement: pd.DataFrame, protocol: str, other: str) -> _Correlation | None:
    """The correlation of two measures of the posterior means, None where there is none."""
    rows = agreement[agreement["representation"].eq("mean")].dropna(subset=["rho", "p"])
    for row in rows.to_dict("records"):
        if {row["first"], row["second"]} == {protocol, other}:
            return _Correlation(other, row["rho"], row["p"], row["n"])
    return None


def _interval(low: float, high: float, *, digits: int = 3) -> str:
    return "" if np.isnan(low) else f" [{low:.{digits}f}, {high:.{digits}f}]"
