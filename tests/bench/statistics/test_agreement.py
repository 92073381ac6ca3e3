"""Protocols agree where they put the runs in one order."""

from __future__ import annotations

from itertools import combinations
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from disbench.statistics.agreement import MEASURED, rank_correlations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    MakeScores = Callable[..., pd.DataFrame]


def _runs(n: int, *, source: str = "results", **columns: Sequence[float]) -> pd.DataFrame:
    """The rows of runs; what a test does not give is as the place of the run."""
    names = {"source": source, "run": [f"run{i}" for i in range(n)]}
    given = {name: columns.get(name, np.arange(n)) for name in MEASURED}
    return pd.DataFrame(names | given).astype({"active_dimensions": "Int64"})


def _row(table: pd.DataFrame, first: str, second: str) -> dict[str, float]:
    [row] = table[table["first"].eq(first) & table["second"].eq(second)].to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_correlation_by_hand(make_scores: MakeScores) -> None:
    """Ranks 1, 2, 3, 4 and 2, 1, 4, 3: 1 - 6 * 4 / (4 * 15).

    Of the 24 orders of four 5 have a sum of squared differences of at most 4, 5 of at least 16.
    """
    parts = [make_scores([0.1, 0.2, 0.3, 0.4], protocol="a")]
    parts.append(make_scores([0.6, 0.5, 0.9, 0.8], protocol="b"))
    row = _row(rank_correlations(pd.concat(parts), _runs(4)), "a", "b")
    assert (row["n"], row["rho"]) == (4, pytest.approx(0.6))
    assert row["p"] == 10 / 24


@pytest.mark.parametrize(("n", "p"), [(3, 2 / 6), (4, 2 / 24), (5, 2 / 120), (8, 2 / 40320)])
def test_few_runs_in_perfect_order_may_be_so_by_chance(
    make_scores: MakeScores, n: int, p: float
) -> None:
    """One order of all and its reverse; Student's t would say that p is 0."""
    for values in (range(n), range(n, 0, -1)):
        row = _row(
            rank_correlations(make_scores(list(values)), _runs(n)), "mig/locatello2019", "kl"
        )
        assert row["p"] == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("n", [4, 6])
@pytest.mark.parametrize("digits", [0, 3])
def test_p_of_few_runs_is_that_of_every_order(make_scores: MakeScores, n: int, digits: int) -> None:
    """With ties, of which whole numbers from 0 to 3 have many, and without."""
    rng = np.random.default_rng(n)
    x, y = (3 * rng.random((2, n))).round(digits)
    expected = stats.permutation_test(
        (y,),
        lambda order: abs(stats.spearmanr(x, order).statistic),
        permutation_type="pairings",
        n_resamples=np.inf,
        alternative="greater",
    )
    row = _row(rank_correlations(make_scores(x), _runs(n, kl=y)), "mig/locatello2019", "kl")
    assert row["p"] == pytest.approx(expected.pvalue)


def test_p_of_many_runs_is_that_of_student(make_scores: MakeScores) -> None:
    x, y = np.random.default_rng(0).random((2, 9))
    row = _row(rank_correlations(make_scores(x), _runs(9, kl=y)), "mig/locatello2019", "kl")
    assert row["p"] == stats.spearmanr(x, y).pvalue


def test_scores_are_compared_with_what_was_measured_of_the_run(make_scores: MakeScores) -> None:
    runs = _runs(4, reconstruction=[9, 8, 7, 6], active_dimensions=[1, 1, 2, 2])
    table = rank_correlations(make_scores([0.1, 0.2, 0.3, 0.4], protocol="a"), runs[::-1])
    assert _row(table, "a", "reconstruction")["rho"] == pytest.approx(-1)
    assert _row(table, "a", "kl")["rho"] == pytest.approx(1)
    expected = stats.spearmanr([1, 2, 3, 4], [1, 1, 2, 2]).statistic
    assert _row(table, "a", "active_dimensions")["rho"] == pytest.approx(expected)


def test_each_pair_stands_once_in_the_order_of_the_scores(make_scores: MakeScores) -> None:
    parts = [make_scores([0.1, 0.2, 0.3], protocol=name) for name in ("b", "a")]
    table = rank_correlations(pd.concat(parts), _runs(3))
    pairs = list(zip(table["first"], table["second"], strict=True))
    assert pairs == list(combinations(["b", "a", *MEASURED], 2))


def test_representations_are_kept_apart(make_scores: MakeScores) -> None:
    parts = [
        make_scores([0.1, 0.2, 0.3], protocol="a"),
        make_scores([0.1, 0.2, 0.3], protocol="b"),
        make_scores([0.1, 0.2, 0.3], protocol="a", representation="sampled"),
    ]
    table = rank_correlations(pd.concat(parts), _runs(3))
    sizes = table.groupby("representation").size()
    assert (sizes["mean"], sizes["sampled"]) == (15, 10)


def test_runs_where_one_is_missing_are_left_out_and_counted(make_scores: MakeScores) -> None:
    """An autoencoder has no KL, a run may lack a protocol, and a score may be infinite."""
    parts = [make_scores([0.1, 0.2, 0.3, 0.4, 0.5], protocol="a")]
    parts.append(make_scores([0.1, 0.2, 0.3, np.inf], protocol="b"))
    runs = _runs(5, kl=[nan, 4, 3, 2, 1])
    table = rank_correlations(pd.concat(parts), runs)
    assert (_row(table, "a", "kl")["n"], _row(table, "a", "kl")["rho"]) == (4, pytest.approx(-1))
    assert _row(table, "a", "b")["n"] == 3
    assert _row(table, "b", "kl")["n"] == 2


def test_too_few_runs_or_a_constant_have_no_correlation(make_scores: MakeScores) -> None:
    table = rank_correlations(make_scores([0.1, 0.2], protocol="a"), _runs(2))
    assert isnan(_row(table, "a", "kl")["rho"])
    assert isnan(_row(table, "a", "kl")["p"])
    table = rank_correlations(make_scores([0.1, 0.2, 0.3], protocol="a"), _runs(3, kl=[7, 7, 7]))
    assert (_row(table, "a", "kl")["n"], _row(table, "a", "elbo")["n"]) == (3, 3)
    assert isnan(_row(table, "a", "kl")["rho"])


def test_score_of_a_run_is_the_mean_of_its_evaluations(make_scores: MakeScores) -> None:
    """Means 0.3, 0.2 and 0.4 against 0, 1 and 2."""
    scores = make_scores([0.0, 0.6, 0.2, 0.4], run=["run0", "run0", "run1", "run2"])
    row = _row(rank_correlations(scores, _runs(3)), "mig/locatello2019", "elbo")
    assert (row["n"], row["rho"]) == (3, pytest.approx(0.5))


def test_runs_of_one_name_in_two_sources_are_two(make_scores: MakeScores) -> None:
    values = [0.1, 0.2, 0.3]
    scores = pd.concat([make_scores(values, source="one"), make_scores(values, source="two")])
    runs = pd.concat([_runs(3, source="one"), _runs(3, source="two", kl=[2, 1, 0])])
    row = _row(rank_correlations(scores, runs), "mig/locatello2019", "kl")
    assert (row["n"], row["rho"]) == (6, pytest.approx(0, abs=1e-12))


def test_nothing_has_an_empty_table(make_scores: MakeScores) -> None:
    assert rank_correlations(make_scores([]), _runs(0)).empty
