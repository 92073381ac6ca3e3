"""Literal forms of metrics against ours: two that compute different things cannot be compared."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from literal_metrics import LITERAL
from scoring import N_MODELS, NAMES, table_maker

from disbench.dsprites import FactorGrid
from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS

if TYPE_CHECKING:
    from disbench.metrics.table import CodeTable

GRID = FactorGrid("coarse", stride=(1, 1, 4, 2, 2))
IN_PART = ("mig/chen2018", "dci/gbt", "dci/rf", "sap/locatello2019")
"""What the literal forms do a part of, and so score otherwise."""
DRAWN = 0.01
"""How far draws move a score."""


@cache
def _tables() -> list[CodeTable]:
    return table_maker(N_MODELS, grid=GRID)()


def _ours(name: str) -> float:
    rng = np.random.default_rng(0)
    if name in GROUP_PROTOCOLS:
        return GROUP_PROTOCOLS[name].scores(_tables(), rng=rng)[0].value
    return PROTOCOLS[name].score(_tables()[0], rng=rng).value


def _literal(name: str) -> float:
    return LITERAL[name].score(_tables() if name in GROUP_PROTOCOLS else _tables()[0])


def test_every_protocol_has_a_literal_form() -> None:
    assert set(LITERAL) == set(NAMES) == {*PROTOCOLS, *GROUP_PROTOCOLS}


def test_literal_forms_that_do_a_part_say_how_much_more_ours_does() -> None:
    assert {name for name, form in LITERAL.items() if form.work != 1} == set(IN_PART)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", [name for name in NAMES if name not in IN_PART])
def test_literal_forms_score_what_ours_do(name: str) -> None:
    assert _literal(name) == pytest.approx(_ours(name), abs=DRAWN, rel=DRAWN)


@pytest.mark.parametrize(("name", "far"), [("mig/chen2018", 0.1), ("dci/rf", 0.1)])
def test_a_part_scores_about_as_much(name: str, far: float) -> None:
    assert _literal(name) == pytest.approx(_ours(name), abs=far)
