"""Floors and ceilings are what codes without and with the factors score."""

from collections.abc import Callable
from math import isnan

import numpy as np
import pytest

from disbench.metrics.calibration import calibrated, ceiling, ideal_codes, noise_floor
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable


def test_the_floor_of_perfect_codes_is_that_of_noise(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    floors = {
        name: noise_floor(PROTOCOLS[name], coarse("factors"), rng=rng)
        for name in ("mig/exact", "mig/locatello2019", "beta_vae/locatello2019")
    }
    assert floors["mig/exact"] == pytest.approx(0, abs=1e-3)
    assert floors["mig/locatello2019"] == pytest.approx(0, abs=2e-3)
    assert floors["beta_vae/locatello2019"] == pytest.approx(0.2, abs=0.025)


def test_the_floor_leaves_the_table_as_it_was(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    before = coarse("factors").factors.copy()
    noise_floor(PROTOCOLS["mig/exact"], coarse("factors"), rng=rng)
    np.testing.assert_array_equal(coarse("factors").factors, before)


def test_the_ceiling_on_dsprites_is_the_known_one(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    table = canonical("noise")
    value = ceiling(PROTOCOLS["mig/locatello2019"], table, 10, rng=rng)
    assert value == pytest.approx(0.895, abs=0.01)


def test_the_ceiling_depends_on_factors_only(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    protocol, table = PROTOCOLS["mig/exact"], coarse("noise")
    assert ceiling(protocol, table, 10, rng=rng) == ceiling(protocol, table.factors, 10, rng=rng)


def test_with_too_few_dimensions_the_best_choice_of_factors_counts(
    rng: np.random.Generator,
) -> None:
    """A metric that likes codes of two values is offered the coin, and not only the die."""
    factors = np.indices((2, 12)).reshape(2, -1).T
    protocol = Protocol(
        name="test/best",
        version=1,
        title="",
        citation="",
        compute=lambda table, *, rng, weights: Score(  # noqa: ARG005
            float(weights[len(np.unique(table.codes)) == 2]), table.n
        ),
        arguments={"weights": (0.25, 0.75)},
    )
    assert ceiling(protocol, factors, 1, rng=rng) == 0.75


def test_ideal_codes_are_standardised_factors_then_zeros() -> None:
    factors = np.array([[0, 2], [1, 0], [0, 0], [1, 2]])
    expected = [[-1, 1, 0], [1, -1, 0], [-1, -1, 0], [1, 1, 0]]
    np.testing.assert_array_equal(ideal_codes(factors, 3, repeated=False), expected)


def test_ideal_codes_stop_at_their_dimensions() -> None:
    assert ideal_codes(np.indices((2, 2, 2)).reshape(3, -1).T, 2, repeated=False).shape == (8, 2)


def test_spare_dimensions_may_repeat_the_factors() -> None:
    codes = ideal_codes(np.array([[0, 1], [1, 0]]), 5, repeated=True)
    np.testing.assert_array_equal(codes, [[-1, 1, -1, 1, -1], [1, -1, 1, -1, 1]])


def test_modularity_has_a_ceiling_of_one_whatever_the_dimensions(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    """It counts a constant dimension as 0, so that its ideal codes repeat the factors."""
    value = ceiling(PROTOCOLS["modularity/ridgeway2018"], coarse("noise"), 10, rng=rng)
    assert value == pytest.approx(1.0, abs=1e-3)


def test_a_factor_left_out_by_name_is_left_out_of_the_ceiling(rng: np.random.Generator) -> None:
    """One dimension tells the scale whole, and the shape is not asked for."""
    factors = np.indices((3, 50, 8)).reshape(3, -1).T[:, [0, 2]]
    named = ceiling(PROTOCOLS["mig/chen2018"], factors, 1, rng=rng, factor_names=("shape", "scale"))
    assert named == pytest.approx(1, abs=0.05)
    table = CodeTable(np.zeros((len(factors), 1)), factors, ("shape", "scale"))
    assert ceiling(PROTOCOLS["mig/chen2018"], table, 1, rng=rng) == pytest.approx(named, abs=0.05)
    assert ceiling(PROTOCOLS["mig/chen2018"], factors, 1, rng=rng) < 0.6


def test_a_calibrated_value_lies_between_floor_and_ceiling() -> None:
    assert calibrated(0.5, floor=0.2, ceiling=0.8) == pytest.approx(0.5)
    assert calibrated(0.2, floor=0.2, ceiling=0.8) == 0
    assert isnan(calibrated(0.2, floor=0.2, ceiling=0.2))


def test_what_ignores_factors_has_neither_floor_nor_ceiling(rng: np.random.Generator) -> None:
    protocol = Protocol(
        name="test/blind",
        version=1,
        title="",
        citation="",
        compute=lambda table, *, rng: Score(0.5, table.n),  # noqa: ARG005
        arguments={},
        uses_factors=False,
    )
    table = CodeTable(np.zeros((4, 1)), np.array([[0], [0], [1], [1]]), ("a",))
    assert isnan(noise_floor(protocol, table, rng=rng))
    assert isnan(ceiling(protocol, table, 1, rng=rng))
