"""Every protocol gives canonical codes the values committed in tests/golden."""

import pandas as pd
import pytest
from evaluation import (
    GOLDEN,
    GOLDEN_SEED,
    NAMES,
    definition,
    noise_path,
    values,
    values_path,
)
from pytest_regressions.dataframe_regression import DataFrameRegressionFixture

from disbench.metrics.arrays import FloatArray

DRAWING = [name for name in NAMES if definition(name).draws]
_DEVIATIONS = 4
_LEAST_TOLERANCE = 1e-6


@pytest.mark.regress
@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_keeps_its_values_and_its_range(
    dataframe_regression: DataFrameRegressionFixture, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A difference is either a fault or another definition, which raises the version."""
    monkeypatch.setattr(DataFrameRegressionFixture, "DISPLAY_PRECISION", 9)  # 0.1, not 0.1000...01
    protocol = definition(name)
    obtained = values(name, GOLDEN_SEED)
    assert obtained.between(protocol.low, protocol.high).all()
    dataframe_regression.check(
        pd.DataFrame({"version": protocol.version, "value": obtained}),
        fullpath=values_path(name),
        tolerances={"value": {"atol": _tolerance(name, obtained.index), "rtol": 0.0}},
    )


def _tolerance(name: str, codes: pd.Index) -> FloatArray:
    """Return the tolerance of each value: four deviations over evaluation seeds, at least 1e-6."""
    deviation = pd.Series(0.0, codes)
    if name in DRAWING:
        deviation = pd.read_csv(noise_path(name), index_col="codes")["deviation"].loc[codes]
    return (_DEVIATIONS * deviation).clip(lower=_LEAST_TOLERANCE).to_numpy()


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_values_are_of_the_present_version(name: str) -> None:
    """A protocol that is new, or has a new version, needs values too."""
    committed = pd.read_csv(values_path(name))
    assert set(committed["version"]) == {definition(name).version}


@pytest.mark.parametrize("name", DRAWING)
def test_every_committed_value_has_a_measured_noise(name: str) -> None:
    committed, noise = (pd.read_csv(path(name)) for path in (values_path, noise_path))
    assert list(committed["codes"]) == list(noise["codes"])
    assert (noise["deviation"] >= 0).all()


def test_no_file_outlives_its_protocol() -> None:
    expected = {values_path(name) for name in NAMES} | {noise_path(name) for name in DRAWING}
    assert set(GOLDEN.glob("*/*.csv")) == expected
