"""The values agree with those of another implementation on the same kinds of codes."""

import numpy as np
import pandas as pd
import pytest
from canonical import code_table, labels, rotated, standard, table
from evaluation import GOLDEN, GOLDEN_SEED, noise_path

from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

STATED = pd.read_csv(GOLDEN / "independent.csv", index_col="codes")
UNPRUNED = "factor_vae unpruned"  # factor_vae/locatello2019 without its least deviation
ROTATED = STATED.loc["rotated"]  # by a rotation that is not stated
COMMITTED = STATED.drop(index="rotated", columns=UNPRUNED).reset_index().melt("codes")
_ROUNDING = 0.005
_STATED_NOISE = 0.005


def _close(stated: float, *, deviation: float = 0.0) -> object:
    # A stated value is one draw, so that its own scatter counts where it is more than is stated.
    return pytest.approx(stated, abs=_ROUNDING + max(_STATED_NOISE, 3 * deviation))


@pytest.mark.parametrize(("codes", "name", "stated"), COMMITTED.to_numpy())
def test_the_mean_over_evaluation_seeds_is_the_stated_value(
    codes: str, name: str, stated: float
) -> None:
    noise = pd.read_csv(noise_path(name), index_col="codes").loc[codes]
    assert noise["mean"] == _close(stated, deviation=noise["deviation"])


@pytest.mark.regress
@pytest.mark.parametrize("codes", STATED.index.difference(["rotated", "zeros"], sort=False))
def test_without_pruning_dead_dimensions_vote_for_what_is_missing(codes: str) -> None:
    value = _score(UNPRUNED, table(codes, "whole"))
    assert value == _close(STATED.loc[codes, UNPRUNED], deviation=0.005)


@pytest.mark.regress
def test_without_pruning_constant_dimensions_still_have_no_vote() -> None:
    """The stated 0.19 is chance: 0 / 0 wins in every dimension, and so the first one always."""
    assert STATED.loc["zeros", UNPRUNED] == 0.19
    assert _score(UNPRUNED, table("zeros", "whole")) == 0


@pytest.mark.regress
def test_the_stated_values_of_a_rotation_are_within_those_of_eight_rotations() -> None:
    """These differ by far more than the noise: MIG is 0.03 for one and 0.32 for another."""
    rotations = [_rotation(seed) for seed in range(8)]
    scores = pd.DataFrame([{name: _score(name, r) for name in ROTATED.index} for r in rotations])
    assert (scores.min() <= ROTATED).all()
    assert (scores.max() >= ROTATED).all()


def _rotation(seed: int) -> CodeTable:
    factors = standard(labels("whole"))
    return code_table(rotated(factors, np.random.default_rng(seed)), "whole")


def _score(name: str, codes: CodeTable) -> float:
    protocol = PROTOCOLS["factor_vae/locatello2019" if name == UNPRUNED else name]
    unpruned = {"least_deviation": 0.0} if name == UNPRUNED else {}
    rng = np.random.default_rng(GOLDEN_SEED)
    return float(protocol.compute(codes, rng=rng, **protocol.arguments | unpruned).value)
