"""The variance of a score is shared out among what it comes from."""

from __future__ import annotations

from itertools import product
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from disbench.statistics.variance import components, variance_explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    MakeScores = Callable[..., pd.DataFrame]

SHARES = ["source", "objective", "hyperparameters", "seed", "evaluation"]


def _shares(scores: pd.DataFrame) -> dict[str, float]:
    [row] = variance_explained(scores).to_dict("records")
    return {name: float(row[name]) for name in SHARES}


def _labels(sizes: Sequence[int]) -> NDArray[np.intp]:
    return np.repeat(np.arange(len(sizes)), sizes)


def test_components_of_a_balanced_study_by_hand() -> None:
    """Two groups of two runs: between 0 and 2 (mean square 4), within 2 * 2 * 0.5^2 / 2 = 0.5.

    A mean square between groups of two is expected to be within + 2 * between: (4 - 0.5) / 2.
    """
    values = np.array([-0.5, 0.5, 1.5, 2.5])
    assert components(values, [_labels([2, 2])]) == pytest.approx([1.75, 0.5])


def test_components_of_an_unbalanced_study_by_hand() -> None:
    """Groups (0, 2) and (6, 6, 6, 6) of means 1 and 6 around 26 / 6.

    Between 2 * (10/3)^2 + 4 * (5/3)^2 = 100/3, within 2 / 4, and the size that an unbalanced group
    counts for is 6 - (2^2 + 4^2) / 6 = 8/3.
    """
    values = np.array([0.0, 2, 6, 6, 6, 6])
    expected = [(100 / 3 - 0.5) / (8 / 3), 0.5]
    assert components(values, [_labels([2, 4])]) == pytest.approx(expected)


def test_component_may_be_negative() -> None:
    """Groups of one mean and a spread: -2 / 2."""
    assert components(np.array([-1.0, 1, -1, 1]), [_labels([2, 2])]) == pytest.approx([-1, 2])


def test_level_that_repeats_the_one_above_is_not_told_apart() -> None:
    values = np.array([-0.5, 0.5, 1.5, 2.5])
    found = components(values, [_labels([2, 2]), _labels([2, 2])])
    assert found == pytest.approx([1.75, nan, 0.5], nan_ok=True)


def test_components_are_those_of_the_sums_of_squares_of_statsmodels() -> None:
    """A balanced nested study: 3 objectives of 4 settings of 5 runs."""
    rng = np.random.default_rng(0)
    objective, setting = _labels([20] * 3), _labels([5] * 12)
    values = rng.normal(size=3)[objective] + rng.normal(size=12)[setting] + rng.normal(size=60)
    frame = pd.DataFrame({"value": values, "objective": objective, "setting": setting % 4})
    fitted = ols("value ~ C(objective) / C(setting)", frame).fit()
    of_objective, of_setting, within = anova_lm(fitted, typ=1)["mean_sq"]
    expected = [(of_objective - of_setting) / 20, (of_setting - within) / 5, within]
    assert components(values, [objective, setting]) == pytest.approx(expected)


def test_components_of_an_unbalanced_nested_study_are_unbiased() -> None:
    """The mean over 2,000 studies of planted variances 4, 1, 0.25."""
    rng = np.random.default_rng(0)
    setting, run = _labels([9, 6, 4, 3, 1]), _labels([3, 3, 3, 1, 2, 3, 2, 2, 1, 1, 1, 1])
    sums = np.zeros(3)
    for _ in range(2000):
        values = 2 * rng.normal(size=5)[setting] + rng.normal(size=12)[run]
        sums += components(values + 0.5 * rng.normal(size=23), [setting, run])
    assert sums / 2000 == pytest.approx([4, 1, 0.25], rel=0.05)


@pytest.fixture(scope="module")
def planted(make_scores: MakeScores) -> pd.DataFrame:
    """2 sources x 60 objectives x 30 betas x 3 runs x 2 evaluations, of variances 0, 4, 9, 2, 1."""
    rng = np.random.default_rng(0)
    grid = np.array(list(product(range(2), range(60), range(30), range(3), range(2)))).T
    source, objective, beta, run, _ = grid
    values = (
        2 * rng.normal(size=(2, 60))[source, objective]
        + 3 * rng.normal(size=(2, 60, 30))[source, objective, beta]
        + np.sqrt(2) * rng.normal(size=(2, 60, 30, 3))[source, objective, beta, run]
        + rng.normal(size=len(source))
    )
    return make_scores(
        values,
        source=[f"source{i}" for i in source],
        model=[f"model{i}" for i in objective],
        beta=beta.astype(float),
        run=[f"run{i}" for i in run],
    )


def test_planted_shares_are_found(planted: pd.DataFrame) -> None:
    [row] = variance_explained(planted).to_dict("records")
    assert (row["n_runs"], row["n_settings"]) == (10_800, 3600)
    found = [row[name] for name in SHARES]
    assert found == pytest.approx([0, 4 / 16, 9 / 16, 2 / 16, 1 / 16], abs=0.04)
    assert sum(found) == pytest.approx(1)


def test_noise_of_one_evaluation_is_in_the_seed(planted: pd.DataFrame) -> None:
    shares = _shares(planted.iloc[::2])
    assert isnan(shares.pop("evaluation"))
    assert list(shares.values()) == pytest.approx([0, 4 / 16, 9 / 16, 3 / 16], abs=0.04)


def test_protocol_that_draws_nothing_has_no_noise_of_evaluation(planted: pd.DataFrame) -> None:
    shares = _shares(planted.iloc[::2].assign(protocol="mig/exact"))
    assert shares["evaluation"] == 0
    assert sum(shares.values()) == pytest.approx(1)


def test_protocol_that_nobody_knows_counts_as_drawing(planted: pd.DataFrame) -> None:
    assert isnan(_shares(planted.iloc[::2].assign(protocol="mine/new"))["evaluation"])


def test_group_protocol_draws(planted: pd.DataFrame) -> None:
    assert isnan(_shares(planted.iloc[::2].assign(protocol="udr/spearman"))["evaluation"])


def test_single_objective_explains_nothing(make_scores: MakeScores) -> None:
    """The study that was worked out by hand: 1.75 and 0.5 of 2.25."""
    shares = _shares(make_scores([-0.5, 0.5, 1.5, 2.5], beta=[1.0, 1, 4, 4]))
    assert (shares["source"], shares["objective"]) == (0, 0)
    assert (shares["hyperparameters"], shares["seed"]) == pytest.approx((1.75 / 2.25, 0.5 / 2.25))
    assert isnan(shares["evaluation"])


def test_negative_component_counts_as_none(make_scores: MakeScores) -> None:
    shares = _shares(make_scores([-1.0, 1, -1, 1], beta=[1.0, 1, 4, 4]))
    assert (shares["hyperparameters"], shares["seed"]) == (0, 1)


def test_beta_is_in_the_objective_where_none_has_two(make_scores: MakeScores) -> None:
    scores = make_scores([-0.5, 0.5, 1.5, 2.5], model=["ae", "ae", "vae", "vae"])
    shares = _shares(scores)
    assert isnan(shares["hyperparameters"])
    assert (shares["objective"], shares["seed"]) == pytest.approx((1.75 / 2.25, 0.5 / 2.25))


def test_seed_is_in_the_beta_where_no_setting_has_two_runs(make_scores: MakeScores) -> None:
    shares = _shares(make_scores([0.1, 0.5, 0.3], beta=[1.0, 2, 4]))
    assert isnan(shares["seed"])
    assert shares["hyperparameters"] == 1


def test_repeats_of_one_run_vary_by_evaluation_alone(make_scores: MakeScores) -> None:
    shares = _shares(make_scores([0.1, 0.5, 0.3], run="a"))
    assert shares["evaluation"] == 1
    assert isnan(shares["seed"])


def test_other_hyperparameters_are_settings_too(make_scores: MakeScores) -> None:
    gammas = ["beta=4 gamma=1"] * 2 + ["beta=4 gamma=2"] * 2
    shares = _shares(make_scores([-0.5, 0.5, 1.5, 2.5], hyperparameters=gammas))
    assert shares["hyperparameters"] == pytest.approx(1.75 / 2.25)


@pytest.mark.parametrize("values", [[0.1, 0.1, 0.1], [0.1, nan, 0.3], [0.1, np.inf, 0.3], [0.1]])
@pytest.mark.parametrize("protocol", ["mig/locatello2019", "mig/exact"])
def test_scores_without_a_variance_have_no_shares(
    make_scores: MakeScores, values: list[float], protocol: str
) -> None:
    shares = _shares(make_scores(values, protocol=protocol))
    assert all(isnan(share) for share in shares.values())


def test_shares_do_not_depend_on_the_scale_of_a_score(planted: pd.DataFrame) -> None:
    scaled = planted.assign(value=1e6 + 1e-3 * planted["value"])
    assert _shares(scaled) == pytest.approx(_shares(planted), abs=1e-4)


def test_representations_and_protocols_have_rows_of_their_own(make_scores: MakeScores) -> None:
    parts = [make_scores([0.1]), make_scores([0.2], representation="sampled")]
    table = variance_explained(pd.concat([*parts, make_scores([0.3], protocol="other")]))
    assert table["representation"].tolist() == ["mean", "sampled", "mean"]
    assert table["protocol"].tolist() == ["mig/locatello2019"] * 2 + ["other"]
    assert variance_explained(make_scores([])).empty
