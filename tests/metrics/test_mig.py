"""The mutual information gap has its derived values, and no others."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from disbench.metrics.information import equal_width_bins
from disbench.metrics.mig import mig
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

EXACT = PROTOCOLS["mig/exact"]
SAMPLED = PROTOCOLS["mig/locatello2019"]
NOISE = 0.01  # the largest of a thousand draws differs from the mean by about this much


def _exact(table: CodeTable, n_bins: int = 20) -> float:
    return mig(table, rng=np.random.default_rng(0), n_points=None, n_bins=n_bins).value


def _literal(table: CodeTable, n_bins: int) -> float:
    """Return the definition, read out loud."""
    gaps = []
    for factor in table.factors.T:
        information = sorted(
            mutual_info_score(equal_width_bins(code, n_bins), factor) for code in table.codes.T
        )
        gaps.append((information[-1] - information[-2]) / mutual_info_score(factor, factor))
    return float(np.mean(gaps))


def _bin_entropy(n_values: int, n_bins: int) -> float:
    """Return the entropy of n equally likely, equally spaced values cut in equal-width bins."""
    bins = [min(value * n_bins // (n_values - 1), n_bins - 1) for value in range(n_values)]
    shares = np.bincount(bins) / n_values
    return float(-sum(p * np.log(p) for p in shares if p))


def _small(rng: np.random.Generator) -> CodeTable:
    factors = np.indices((3, 4, 5)).reshape(3, -1).T
    return CodeTable(factors @ rng.normal(size=(3, 4)), factors, ("a", "b", "c"))


@pytest.mark.parametrize("n_bins", [10, 20, 100])
def test_perfect_codes_score_what_their_bins_can_carry(
    canonical: Callable[[str], CodeTable], n_bins: int
) -> None:
    """No dimension knows a second factor, so each gap is the entropy left by binning."""
    expected = np.mean([_bin_entropy(n, n_bins) / np.log(n) for n in (3, 6, 40, 32, 32)])
    assert _exact(canonical("factors and constants"), n_bins) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("factors", 0.896),
        ("factors and dead", 0.895),
        ("shape missing", 0.696),
        ("each factor twice", 0.0),
        ("noise", 0.0),
        ("zeros", 0.0),
    ],
)
def test_canonical_codes_on_ten_thousand_points(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator, codes: str, expected: float
) -> None:
    assert SAMPLED.score(canonical(codes), rng=rng).value == pytest.approx(expected, abs=NOISE)


def test_a_factor_split_in_halves_leaves_the_gap_between_them() -> None:
    """One dimension tells 4 values in pairs, the other tells the odd from the even: equal gaps."""
    value = np.arange(8) % 4
    halves = np.stack([value // 2, value % 2], axis=1).astype(float)
    assert _exact(CodeTable(halves, value[:, None], ("value",))) == pytest.approx(0)
    finer = np.stack([value, value % 2], axis=1).astype(float)
    assert _exact(CodeTable(finer, value[:, None], ("value",))) == pytest.approx(1 / 2)


def test_the_definition_read_out_loud_agrees(rng: np.random.Generator) -> None:
    table = _small(rng)
    assert _exact(table, 6) == pytest.approx(_literal(table, 6))


def test_ten_thousand_points_are_what_the_sampled_protocol_rests_on(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    assert SAMPLED.score(coarse("factors"), rng=rng).n_points == 10_000
    assert EXACT.score(coarse("factors"), rng=rng).n_points == 46_080


def test_detail_explains_the_value(coarse: Callable[[str], CodeTable]) -> None:
    score = EXACT.score(coarse("rotated"), rng=np.random.default_rng(0))
    information, entropy = score.detail["mutual_information"], score.detail["entropy"]
    assert information.shape == (10, 5)
    np.testing.assert_allclose(entropy, np.log([3, 6, 10, 16, 16]))
    ordered = np.sort(information, axis=0)
    np.testing.assert_allclose(score.detail["gap"], (ordered[-1] - ordered[-2]) / entropy)
    assert score.value == pytest.approx(score.detail["gap"].mean())


def test_a_single_dimension_has_no_rival() -> None:
    factors = np.indices((2, 2)).reshape(2, -1).T
    assert _exact(CodeTable(factors[:, :1] * 1.0, factors, ("a", "b"))) == pytest.approx(1 / 2)


@given(st.permutations(range(4)), st.integers(0, 100))
def test_the_order_of_dimensions_does_not_matter(order: list[int], seed: int) -> None:
    table = _small(np.random.default_rng(seed))
    permuted = CodeTable(table.codes[:, order], table.factors, table.factor_names)
    assert _exact(permuted) == pytest.approx(_exact(table))


@given(st.integers(-8, 8), st.integers(0, 100))
def test_scale_and_row_order_do_not_matter(exponent: int, seed: int) -> None:
    """Powers of two scale without rounding, so that no value crosses an edge."""
    rng = np.random.default_rng(seed)
    table = _small(rng).take(rng.permutation(60))
    scaled = CodeTable(table.codes * 2.0**exponent, table.factors, table.factor_names)
    assert _exact(scaled) == pytest.approx(_exact(_small(np.random.default_rng(seed))))


def test_adding_a_constant_dimension_changes_nothing(rng: np.random.Generator) -> None:
    table = _small(rng)
    padded = np.hstack([table.codes, np.full((table.n, 1), 0.3)])
    assert _exact(CodeTable(padded, table.factors, table.factor_names)) == _exact(table)
