"""How far our numbers are from published ones, with the uncertainty of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from disbench.statistics.intervals import CONFIDENCE, N_RESAMPLES

if TYPE_CHECKING:
    from disbench.metrics.arrays import FloatArray


class Interval(NamedTuple):
    """A 95 % interval; NaN where there is none."""

    low: float
    high: float


def best_half(values: FloatArray, axis: int = -1) -> FloatArray:
    """The mean of the better half along an axis, the middle one of an odd number included.

    Higgins et al. 2017 keep the better half of their scores. It is no estimate of what a training
    gives, but of what choosing among several gives.
    """
    kept = -(-np.shape(values)[axis] // 2)
    ranked = np.sort(values, axis=axis)
    return np.asarray(np.take(ranked, np.arange(-kept, 0), axis=axis).mean(axis=axis))


def difference_of_means(ours: FloatArray, theirs: FloatArray, *, n_models: int) -> Interval:
    """The interval of the mean of ours minus that of theirs, by Student's t.

    Of several published values the spread is known: Welch 1947. Of a single one, which is the mean
    of `n_models` models, it is taken to be ours. NaN where ours are fewer than two.
    """
    if len(ours) < 2:  # noqa: PLR2004 - one has no spread
        return Interval(np.nan, np.nan)
    difference = float(ours.mean() - theirs.mean())
    error = ours.var(ddof=1) / len(ours)
    freedom = float(len(ours) - 1)
    if len(theirs) > 1:
        other = theirs.var(ddof=1) / len(theirs)
        shares = error**2 / (len(ours) - 1) + other**2 / (len(theirs) - 1)
        freedom = (error + other) ** 2 / shares if shares > 0 else freedom
    else:
        other = ours.var(ddof=1) / n_models
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(error + other))
    return Interval(difference - reach, difference + reach)


def difference_of_best_halves(ours: FloatArray, theirs: float) -> Interval:
    """The interval of our `best_half` minus a published one of as many scores.

    The statistic rises with the number of scores, so that only halves of equally many compare.
    The published scores are not known: their spread is taken to be ours, and the difference of two
    resamples of ours is what both leave open. NaN where ours are fewer than two.
    """
    if len(ours) < 2:  # noqa: PLR2004 - one has no spread
        return Interval(np.nan, np.nan)
    rng = np.random.default_rng(0)  # the same scores always get the same interval
    drawn = rng.choice(ours, size=(2, N_RESAMPLES, len(ours)))
    reach = np.quantile(np.abs(best_half(drawn[0]) - best_half(drawn[1])), CONFIDENCE)
    reach *= _expansion(-(-len(ours) // 2))
    difference = float(best_half(ours) - theirs)
    return Interval(difference - float(reach), difference + float(reach))


def _expansion(n: int) -> float:
    """How much wider an interval of a mean of n has to be than resamples make it.

    They vary less than samples do, and as if the variance were known (`mean_interval`).
    """
    quantile = (1 + CONFIDENCE) / 2
    n = max(n, 2)
    return float(np.sqrt(n / (n - 1)) * stats.t.ppf(quantile, n - 1) / stats.norm.ppf(quantile))
