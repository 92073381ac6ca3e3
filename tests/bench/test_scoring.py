"""Codes become scores with known values, from streams that belong to each protocol."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import disbench
from disbench import scoring
from disbench.dsprites import COARSE, FULL, GRIDS
from disbench.encoding import Codes
from disbench.errors import DataError
from disbench.metrics.checking import CodesError
from disbench.metrics.protocols import UnknownProtocolError, find
from disbench.scoring import Question, questions, score_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

BETA_VAE, MIG, EXACT = "beta_vae/locatello2019", "mig/locatello2019", "mig/exact"
LABELS = COARSE.labels()


def _standard(labels: NDArray[np.int64]) -> NDArray[np.float32]:
    return ((labels - labels.mean(axis=0)) / labels.std(axis=0)).astype(np.float32)


def _noise() -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((COARSE.n, 4), np.float32)


def _row(frame: pd.DataFrame, protocol: str) -> pd.Series:
    [(_, row)] = frame[frame["protocol"] == protocol].iterrows()
    return row


@pytest.fixture(scope="module")
def perfect() -> pd.DataFrame:
    """The scores of the factors themselves, on the coarse grid."""
    return disbench.score(_standard(LABELS), LABELS, seed=3)


def test_factors_as_codes_have_known_scores(perfect: pd.DataFrame) -> None:
    # No factor of this grid has more than 16 values, so that 20 bins tell all of them apart.
    assert _row(perfect, EXACT)["value"] == pytest.approx(1, abs=1e-9)
    assert _row(perfect, MIG)["value"] == pytest.approx(1, abs=0.01)
    assert _row(perfect, BETA_VAE)["value"] == 1
    assert list(perfect["protocol"]) == [BETA_VAE, MIG, EXACT]


def test_scores_come_with_floor_and_ceiling(perfect: pd.DataFrame) -> None:
    assert _row(perfect, EXACT)["floor"] == pytest.approx(0, abs=0.005)
    assert _row(perfect, BETA_VAE)["floor"] == pytest.approx(0.2, abs=0.03)
    for protocol in (BETA_VAE, MIG, EXACT):
        assert _row(perfect, protocol)["ceiling"] == pytest.approx(1, abs=0.01)
        assert _row(perfect, protocol)["calibrated"] == pytest.approx(1, abs=0.01)


def test_scores_say_what_they_rest_on(perfect: pd.DataFrame) -> None:
    assert _row(perfect, EXACT)["n_points"] == 46_080
    assert _row(perfect, MIG)["n_points"] == 10_000
    assert set(perfect["seed"]) == {3}
    assert set(perfect["protocol_version"]) == {1}


def test_codes_without_factors_are_dsprites() -> None:
    """20 bins cannot carry 40 orientations and 32 positions: the known ceiling of 0.895."""
    codes = np.hstack([_standard(FULL.labels()), np.zeros((FULL.n, 1), np.float32)])
    row = _row(disbench.score(codes, protocols=[MIG]), MIG)
    assert row["value"] == pytest.approx(0.895, abs=0.01)
    assert row["ceiling"] == pytest.approx(0.895, abs=0.01)
    assert row["floor"] == pytest.approx(0, abs=0.005)


def test_noise_scores_its_floor() -> None:
    frame = disbench.score(_noise(), LABELS, protocols=[BETA_VAE, EXACT])
    assert _row(frame, BETA_VAE)["value"] == pytest.approx(0.2, abs=0.03)
    assert _row(frame, EXACT)["value"] == pytest.approx(0, abs=0.005)
    assert _row(frame, EXACT)["floor"] == pytest.approx(0, abs=0.005)


def test_score_depends_on_its_seed_alone() -> None:
    blurred = _standard(LABELS)[:, :4] + _noise()
    first, again, other = (
        disbench.score(blurred, LABELS, protocols=[MIG, EXACT], seed=seed) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert _row(first, MIG)["value"] != _row(other, MIG)["value"]
    assert _row(first, EXACT)["value"] == _row(other, EXACT)["value"]


def test_score_does_not_depend_on_what_else_is_scored(perfect: pd.DataFrame) -> None:
    alone = disbench.score(_standard(LABELS), LABELS, protocols=[MIG], seed=3)
    pd.testing.assert_series_equal(
        _row(alone, MIG), _row(perfect, MIG), check_names=False, check_exact=True
    )


def test_score_moves_no_global_generator() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index] # noqa: NPY002
    disbench.score(_noise()[:2000], LABELS[::20][:2000], protocols=[EXACT])
    assert np.array_equal(np.random.get_state()[1], before)  # type: ignore[index] # noqa: NPY002


def test_protocol_that_draws_is_repeated() -> None:
    frame = disbench.score(_noise(), LABELS, protocols=[EXACT, MIG], seed=5, repeats=3)
    assert list(zip(frame["protocol"], frame["seed"], strict=True)) == [
        (EXACT, 5),
        (MIG, 5),
        (MIG, 6),
        (MIG, 7),
    ]
    once = disbench.score(_noise(), LABELS, protocols=[MIG], seed=6)
    assert _row(once, MIG)["value"] == frame["value"][2]
    assert frame["value"].nunique() == 4


@pytest.mark.parametrize("n", [0, 1, 46_080, 737_279, 737_281])
def test_codes_without_factors_must_be_dsprites(n: int) -> None:
    with pytest.raises(DataError, match=f"there are {n:,} codes and no factors; .* 737,280 images"):
        disbench.score(np.zeros((n, 2), np.float32))


def test_unknown_protocol_is_refused() -> None:
    with pytest.raises(UnknownProtocolError, match="'mig/exakt'; the nearest are mig/exact"):
        disbench.score(_noise(), LABELS, protocols=["mig/exakt"])


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (_noise()[:-1], LABELS, "codes have 46,079 rows and factors 46,080"),
        (_noise()[:, 0], LABELS, r"codes have shape \(46080,\)"),
        (_noise(), LABELS[:, 0], r"factors have shape \(46080,\)"),
        (np.where(_noise() > 4, nan, _noise()), LABELS, "codes hold .* NaN or infinite entries"),
        (_noise(), np.zeros_like(LABELS), "factor 'factor_0' has one value"),
        (_noise()[:100], LABELS[:100], "has one value"),
    ],
)
def test_codes_that_cannot_be_scored_are_refused(
    codes: NDArray[np.float32], factors: NDArray[np.int64], message: str
) -> None:
    with pytest.raises(CodesError, match=message):
        disbench.score(codes, factors, protocols=[EXACT])


def _codes(*, variational: bool = True) -> Codes:
    """Codes on the tiny grid that know the first three factors."""
    grid = GRIDS["tiny"]
    mean = _standard(grid.labels())[:, :3]
    return Codes(grid, mean, np.full_like(mean, -2) if variational else None)


def _values(codes: Codes, asked: tuple[Question, ...], identity: str) -> list[float]:
    return [answer.record.value for answer in score_codes(codes, asked, identity=identity)]


def test_all_that_can_be_asked_is_asked() -> None:
    drawing, exact = find([MIG, EXACT])
    asked = questions([drawing, exact], ["mean", "sampled"], repeats=2, variational=True)
    assert [(q.protocol.name, q.representation, q.seed) for q in asked] == [
        (MIG, "mean", 0),
        (MIG, "mean", 1),
        (MIG, "sampled", 0),
        (MIG, "sampled", 1),
        (EXACT, "mean", 0),
        (EXACT, "sampled", 0),
    ]


def test_autoencoder_is_not_asked_for_a_posterior() -> None:
    protocols = find([EXACT, "mig/chen2018"])
    asked = questions(protocols, ["mean", "sampled"], repeats=1, variational=False)
    assert [(q.protocol.name, q.representation) for q in asked] == [(EXACT, "mean")]


def test_run_is_scored_on_its_means_and_on_samples() -> None:
    asked = questions(find([EXACT]), ["mean", "sampled"], repeats=1, variational=True)
    mean, sampled = score_codes(_codes(), asked, identity="run")
    assert (mean.record.representation, sampled.record.representation) == ("mean", "sampled")
    # Of the five factors three are in the codes: each has a gap of 1.
    assert mean.record.value == pytest.approx(3 / 5, abs=1e-9)
    assert 0.1 < sampled.record.value < 0.58
    assert mean.record.ceiling == sampled.record.ceiling


def test_samples_belong_to_the_run() -> None:
    asked = questions(find([EXACT]), ["sampled"], repeats=1, variational=True)
    first, again, other = (_values(_codes(), asked, identity) for identity in ("a", "a", "b"))
    assert first == again != other


def test_means_of_a_run_are_its_codes() -> None:
    """The same codes and labels by hand, through the public door."""
    codes = _codes(variational=False)
    [value] = _values(codes, (Question(find([EXACT])[0], "mean", 0),), "run")
    by_hand = disbench.score(codes.mean, GRIDS["tiny"].labels(), protocols=[EXACT])
    assert value == _row(by_hand, EXACT)["value"]


def test_ceiling_of_a_run_is_that_of_its_grid_and_latents() -> None:
    asked = questions(find([EXACT]), ["mean"], repeats=1, variational=False)
    grid = GRIDS["tiny"]
    dead = Codes(grid, np.random.default_rng(0).normal(size=(grid.n, 3)).astype("f4"), None)
    [first] = score_codes(_codes(), asked, identity="a")
    [other] = score_codes(dead, asked, identity="b")
    # With three dimensions three of the five factors can be told.
    assert first.record.ceiling == other.record.ceiling == pytest.approx(3 / 5, abs=1e-9)


def test_of_codes_too_wide_for_memory_only_drawn_rows_are_looked_at() -> None:
    protocols = find(["all"])
    asked = questions(protocols, ["mean", "sampled"], repeats=2, variational=False, wide=True)
    assert [(q.protocol.name, q.representation, q.seed) for q in asked] == [
        (name, "mean", seed)
        for name in (BETA_VAE, "beta_vae/higgins2017", "factor_vae/locatello2019")
        for seed in (0, 1)
    ]


def test_ceiling_of_wide_codes_is_that_of_codes_as_wide_as_the_factors_are_many() -> None:
    tiny = GRIDS["tiny"]
    factors = _standard(tiny.labels())
    spare = np.zeros((tiny.n, scoring.WIDEST), np.float32)
    [question] = questions(
        find(["factor_vae/locatello2019"]), ["mean"], repeats=1, variational=False, wide=True
    )
    [narrow], [wide] = (
        score_codes(Codes(tiny, codes, None), [question], identity="x")
        for codes in (factors, np.hstack([factors, spare]))
    )
    assert wide.record.ceiling == narrow.record.ceiling == 1
    assert wide.record.value == narrow.record.value == 1
    assert wide.record.floor == narrow.record.floor < 0.5
