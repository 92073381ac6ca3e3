"""What holds for every protocol: degenerate codes, invariances, the same bits elsewhere."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from disbench.metrics.protocols import PROTOCOLS, Protocol
from disbench.metrics.table import CodeTable

SLOW = {"dci/gbt"}  # boosting asks a tree a value and round even of codes that say nothing
CHEAP = [
    name
    for name, protocol in PROTOCOLS.items()
    if name.split("/")[0] not in {"dci", "beta_vae", "explicitness", "infomec", "kl"}
    and name not in {"sap/locatello2019", "mig/chen2018"}
]
# Weights and thresholds in units of the codes: their scale is a part of what is measured.
ABSOLUTE = {
    "factor_vae/locatello2019",
    "wasserstein_correlation/locatello2019",
    "active_dimensions/burda2016",
}


def _score(name: str, table: CodeTable) -> float:
    return PROTOCOLS[name].score(table, rng=np.random.default_rng(8)).value


@pytest.fixture(scope="module")
def entangled(coarse: Callable[[str], CodeTable]) -> CodeTable:
    return coarse("rotated")


@pytest.mark.parametrize("protocol", [p for n, p in PROTOCOLS.items() if n not in SLOW])
@pytest.mark.parametrize("value", [0.0, 0.1])
def test_constant_codes_score_a_number_in_range(
    coarse: Callable[[str], CodeTable],
    rng: np.random.Generator,
    protocol: Protocol,
    value: float,
) -> None:
    """Every warning is an error here: nothing is divided by 0 on the way."""
    blank = coarse("zeros")
    table = replace(blank, codes=blank.codes + np.float32(value), log_variance=blank.codes)
    assert protocol.low <= protocol.score(table, rng=rng).value <= protocol.high


@pytest.mark.parametrize("name", CHEAP)
def test_a_single_dimension_is_enough(coarse: Callable[[str], CodeTable], name: str) -> None:
    table = coarse("factors")
    score = _score(name, replace(table, codes=table.codes[:, 3:4]))
    assert PROTOCOLS[name].low <= score <= PROTOCOLS[name].high


@pytest.mark.parametrize("name", CHEAP)
def test_the_order_of_dimensions_does_not_matter(entangled: CodeTable, name: str) -> None:
    """The same generator draws the same rows, so that only rounding remains."""
    permuted = replace(entangled, codes=np.ascontiguousarray(entangled.codes[:, ::-1]))
    assert _score(name, permuted) == pytest.approx(_score(name, entangled), abs=1e-3)


@pytest.mark.parametrize("name", [name for name in CHEAP if name not in ABSOLUTE])
def test_a_common_scale_does_not_matter(entangled: CodeTable, name: str) -> None:
    """A power of two, which rounds nothing."""
    scaled = replace(entangled, codes=entangled.codes * np.float32(8))
    assert _score(name, scaled) == pytest.approx(_score(name, entangled), abs=1e-9)


@pytest.mark.parametrize("name", CHEAP)
def test_the_origin_does_not_matter(entangled: CodeTable, name: str) -> None:
    moved = replace(entangled, codes=entangled.codes.astype(np.float64) + 16)
    unmoved = replace(entangled, codes=entangled.codes.astype(np.float64))
    assert _score(name, moved) == pytest.approx(_score(name, unmoved), abs=1e-3)


@pytest.mark.parametrize("name", [name for name in CHEAP if not PROTOCOLS[name].draws])
def test_without_draws_the_order_of_rows_does_not_matter(
    entangled: CodeTable, rng: np.random.Generator, name: str
) -> None:
    shuffled = entangled.take(rng.permutation(entangled.n))
    assert _score(name, shuffled) == pytest.approx(_score(name, entangled), abs=1e-6)


@pytest.mark.parametrize("name", CHEAP)
def test_the_same_generator_gives_the_same_bits(entangled: CodeTable, name: str) -> None:
    assert _score(name, entangled) == _score(name, entangled)


PROGRAM = """
import numpy as np
from disbench.metrics.protocols import find
from disbench.metrics.table import CodeTable
factors = np.indices((3, 6, 10, 8, 8)).reshape(5, -1).T.copy()
codes = (factors @ np.random.default_rng(0).normal(size=(5, 6))).astype(np.float32)
table = CodeTable(codes, factors, tuple("abcde"))
for protocol in find(["beta_vae/locatello2019", "factor_vae/kim2018", "mig/exact", "irs/maximum"]):
    print(protocol.name, protocol.score(table, rng=np.random.default_rng(1)).value.hex())
"""


def test_another_process_gives_the_same_bits() -> None:
    """Neither the hash seed nor the number of threads reaches a score."""
    first, second = (
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", PROGRAM],
            env=os.environ
            | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    )
    assert first == second
    assert first.count("\n") == 4


class _Rows:
    """Codes that are gathered, and offer nothing else of an array."""

    def __init__(self, codes: np.ndarray) -> None:
        self._codes = codes
        self.shape, self.dtype = codes.shape, codes.dtype

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        assert rows.ndim == 1
        return self._codes[rows]


BY_ROWS = [name for name, protocol in PROTOCOLS.items() if protocol.by_rows]


def test_protocols_that_draw_pairs_or_groups_look_at_rows() -> None:
    assert BY_ROWS == ["beta_vae/locatello2019", "beta_vae/higgins2017", "factor_vae/locatello2019"]


@pytest.mark.parametrize("name", BY_ROWS)
def test_codes_that_can_only_be_gathered_score_the_same(
    coarse: Callable[[str], CodeTable], name: str
) -> None:
    table = coarse("rotated")
    rows = replace(table, codes=_Rows(table.codes))  # type: ignore[arg-type]
    assert _score(name, rows) == _score(name, table)


@pytest.mark.parametrize("name", BY_ROWS)
def test_dimensions_that_are_constant_count_for_nothing_where_rows_are_drawn(
    coarse: Callable[[str], CodeTable], name: str
) -> None:
    """Up to where the solver stops, which may move one point of 5,000 or two."""
    table = coarse("rotated")
    spare = np.zeros((table.n, 7), table.codes.dtype)
    wider = replace(table, codes=np.hstack([table.codes, spare]))
    assert _score(name, wider) == pytest.approx(_score(name, table), abs=5e-4)
