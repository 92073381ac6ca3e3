"""The beta-VAE metric reaches its known values, saturations included."""

from collections.abc import Callable

import numpy as np
import pytest

from disbench.metrics import arrays
from disbench.metrics.beta_vae import pair_differences
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodesError, CodeTable

PROTOCOL = PROTOCOLS["beta_vae/locatello2019"]
# Three standard errors of an accuracy on 5,000 points, and one for the classes' own shares.
NOISE = 0.025


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("factors", 1.0),
        ("factors and dead", 1.0),
        ("shape missing", 1.0),
        ("each factor twice", 1.0),
        ("noise", 0.2),
        ("zeros", 0.2),
    ],
)
def test_canonical_codes(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator, codes: str, expected: float
) -> None:
    assert PROTOCOL.score(canonical(codes), rng=rng).value == pytest.approx(expected, abs=NOISE)


def test_a_rotation_still_gets_most_points(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    """The saturation that forbids headlining this metric alone."""
    assert PROTOCOL.score(canonical("rotated"), rng=rng).value > 0.8


def test_the_shared_factor_is_the_one_that_does_not_differ(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    labels = np.array([0, 3, 4])
    differences = pair_differences(coarse("factors"), labels, 64, rng=rng)
    assert differences.shape == (3, 5)
    np.testing.assert_array_equal(differences[[0, 1, 2], labels], 0)
    assert np.count_nonzero(differences) == 12


def test_the_shared_value_varies_within_a_point(rng: np.random.Generator) -> None:
    """Each pair shares its own value: fixing one for all pairs is the FactorVAE metric."""
    factors = np.indices((2, 2)).reshape(2, -1).T
    table = CodeTable((factors[:, :1] * factors[:, 1:]).astype(float), factors, ("a", "b"))
    differences = pair_differences(table, np.zeros(50, dtype=int), 64, rng=rng)
    # Half of the pairs share a = 1, and half of those differ in b; never all or none.
    assert abs(differences.mean() - 1 / 4) < 0.02
    assert differences.max() < 1 / 2


def test_the_mean_difference_has_its_expected_value(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    """Two of six equally likely labels differ by (36 - 1) / 18 on average."""
    table = coarse("factors")
    table = CodeTable(table.factors.astype(float), table.factors, table.factor_names)
    differences = pair_differences(table, np.zeros(2_000, dtype=int), 64, rng=rng)
    assert differences[:, 1].mean() == pytest.approx(35 / 18, rel=0.01)


def test_detail_has_the_accuracy_of_each_factor(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = PROTOCOL.score(coarse("rotated"), rng=rng)
    accuracy = score.detail["factor_accuracy"]
    assert accuracy.shape == (5,)
    assert accuracy.min() <= score.value <= accuracy.max()
    assert score.n_points == 5_000


def test_the_same_generator_gives_the_same_bits(coarse: Callable[[str], CodeTable]) -> None:
    first, second = (
        PROTOCOL.score(coarse("rotated"), rng=np.random.default_rng(5)).value for _ in range(2)
    )
    assert first == second


def test_a_single_factor_is_refused(rng: np.random.Generator) -> None:
    table = CodeTable(np.zeros((2_000, 1)), np.arange(2_000)[:, None] % 2, ("a",))
    with pytest.raises(CodesError, match="1 factors; beta_vae/locatello2019 tells factors apart"):
        PROTOCOL.score(table, rng=rng)


def test_higgins_never_shares_the_shape(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = PROTOCOLS["beta_vae/higgins2017"].score(coarse("factors"), rng=rng)
    assert score.value == pytest.approx(1.0, abs=NOISE)
    assert score.detail["factor_accuracy"].shape == (4,)


def test_higgins_gives_noise_one_in_four(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    score = PROTOCOLS["beta_vae/higgins2017"].score(coarse("noise"), rng=rng)
    assert score.value == pytest.approx(0.25, abs=NOISE)


def test_differences_are_the_same_bits_however_few_rows_are_gathered_at_once(
    coarse: Callable[[str], CodeTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.arange(700) % 5

    def differences() -> np.ndarray:
        return pair_differences(coarse("rotated"), labels, 64, rng=np.random.default_rng(3))

    at_once = differences()
    for points in (1, 7):
        monkeypatch.setattr(arrays, "_ENTRIES_AT_ONCE", points * 64 * 10)
        assert np.array_equal(differences(), at_once)
