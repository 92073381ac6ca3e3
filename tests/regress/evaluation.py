"""What protocols say of canonical codes: the rows of tests/golden."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from canonical import CANONICAL, code_table, labels, padded, rotated, standard, table

from disbench.metrics.arrays import FloatArray
from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS, GroupProtocol, Protocol
from disbench.metrics.table import CodeTable

GOLDEN = Path(__file__).parents[1] / "golden"
GOLDEN_SEED = 0
NAMES = (*PROTOCOLS, *GROUP_PROTOCOLS)

# Ensembles of trees take minutes on the whole grid: one for every value of every factor.
_GRID = {"dci/rf": "coarse", "dci/gbt": "tiny"}
_CODES = {"dci/gbt": ("factors", "factors and dead", "rotated", "each factor twice", "zeros")}


def definition(name: str) -> Protocol | GroupProtocol:
    """Return the protocol of this name, whether of one table or of several."""
    return PROTOCOLS.get(name) or GROUP_PROTOCOLS[name]


def values_path(name: str) -> Path:
    """Return the file of a protocol's expected values."""
    return GOLDEN / f"{name}.csv"


def noise_path(name: str) -> Path:
    """Return the file of their scatter over evaluation seeds."""
    return GOLDEN / f"{name}.noise.csv"


def values(name: str, seed: int) -> pd.Series:
    """Return a protocol's values by the name of the codes, drawn from `seed`."""
    scores = _group_scores(name, seed) if name in GROUP_PROTOCOLS else _scores(name, seed)
    return pd.Series(scores, name="value", dtype=float).rename_axis("codes")


def _scores(name: str, seed: int) -> dict[str, float]:
    grid = _GRID.get(name, "whole")
    tables = {codes: table(codes, grid) for codes in _CODES.get(name, CANONICAL)}
    return {
        codes: PROTOCOLS[name].score(tables[codes], rng=np.random.default_rng(seed)).value
        for codes in tables
    }


def _group_scores(name: str, seed: int) -> dict[str, float]:
    return {
        f"{group}, model {place}": score.value
        for group in GROUPS
        for place, score in enumerate(
            GROUP_PROTOCOLS[name].scores(_group(group), rng=np.random.default_rng(seed)), start=1
        )
    }


@cache
def _group(name: str) -> tuple[CodeTable, ...]:
    factors, rng = standard(labels("whole")), np.random.default_rng(0)
    return tuple(code_table(model(factors, rng), "whole") for model in GROUPS[name])


def _reordered(factors: FloatArray, rng: np.random.Generator) -> FloatArray:
    signs = rng.choice((-1, 1), size=factors.shape[1])
    return rng.permutation(padded(factors * signs, rng), axis=1)


GROUPS: Mapping[str, tuple[Callable[[FloatArray, np.random.Generator], FloatArray], ...]] = (
    MappingProxyType(
        {
            "factors in other orders": (_reordered, _reordered, _reordered),
            "other rotations": (rotated, rotated, rotated),
            "factors, rotation, noise": (padded, rotated, CANONICAL["noise"]),
        }
    )
)
"""Name -> how the codes of each of three models come from standardised factors."""
