"""A protocol freezes its arguments and refuses tables that it cannot score."""

from dataclasses import replace

import numpy as np
import pytest

from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodesError, CodeTable


def _rows_times(table: CodeTable, *, rng: np.random.Generator, factor: int) -> Score:
    return Score(float(table.n * factor + rng.integers(1)), table.n)


PROTOCOL = Protocol(
    name="test/rows",
    version=1,
    title="",
    citation="",
    compute=_rows_times,
    arguments={"factor": 3},
    min_rows=4,
)


@pytest.fixture
def table() -> CodeTable:
    return CodeTable(np.zeros((4, 1)), np.array([[0], [0], [1], [1]]), ("a",))


def test_scores_with_the_frozen_arguments(table: CodeTable, rng: np.random.Generator) -> None:
    assert PROTOCOL.score(table, rng=rng).value == 12


def test_too_few_rows_are_refused_with_the_number_needed(
    table: CodeTable, rng: np.random.Generator
) -> None:
    with pytest.raises(CodesError, match="has 3 rows; test/rows needs at least 4"):
        PROTOCOL.score(table.take(np.arange(3)), rng=rng)


def test_too_few_factors_are_refused(table: CodeTable, rng: np.random.Generator) -> None:
    with pytest.raises(CodesError, match=r"has 1 factors; test/rows .* at least 2"):
        replace(PROTOCOL, min_factors=2).score(table, rng=rng)


def test_a_missing_log_variance_is_refused(table: CodeTable, rng: np.random.Generator) -> None:
    with pytest.raises(CodesError, match="no log_variance; test/rows needs"):
        replace(PROTOCOL, uses_log_variance=True).score(table, rng=rng)
