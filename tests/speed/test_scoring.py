"""How many rows protocols look at, which their floors rest on."""

from __future__ import annotations

import pytest
from scoring import rows_looked_at, table_maker

from disbench.dsprites import FactorGrid
from disbench.metrics.protocols import PROTOCOLS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mig/exact", 737_280),  # all, once
        ("mig/chen2018", 737_280),  # the posterior of all
        ("factor_vae/kim2018", 737_280),  # the variance of all
        ("mig/locatello2019", 10_000),
        ("dci/rf", 15_000),  # to learn from and to be judged on
        ("beta_vae/locatello2019", 15_000 * 64 * 2),  # both of 64 pairs a point
        ("factor_vae/locatello2019", 15_000 * 64),
    ],
)
def test_rows_that_a_protocol_looks_at(name: str, expected: int) -> None:
    protocol = PROTOCOLS[name]
    assert rows_looked_at(protocol.arguments, 737_280, draws=protocol.draws) == expected


def test_tables_are_made_anew_of_the_same_codes() -> None:
    make = table_maker(2, n_codes=3, grid=FactorGrid("few", stride=(1, 3, 8, 16, 16)))
    [first, other], [again, _] = make(), make()
    assert first is not again
    assert first.codes is again.codes
    assert first.codes.shape == (120, 3)
    assert (first.codes != other.codes).all()
