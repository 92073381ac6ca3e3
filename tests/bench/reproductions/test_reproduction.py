"""The files of published numbers say what the papers say, and fit the studies of their names."""

from __future__ import annotations

import pytest

from disbench.columns import COLUMNS
from disbench.metrics.protocols import PROTOCOLS
from disbench.reproductions.beside import OF_RUNS
from disbench.reproductions.reproduction import (
    PublishedRow,
    Reproduction,
    reproduction,
    reproductions,
)
from disbench.study_files import load_study


def _found(name: str) -> Reproduction:
    found = reproduction(name)
    assert found is not None
    return found


def _values(name: str, quantity: str) -> dict[str, tuple[float, ...]]:
    [table] = [table for table in _found(name).tables if table.quantity == quantity]
    return {row.label: row.values for row in table.rows}


def test_each_is_that_of_a_shipped_study() -> None:
    assert reproductions() == (
        *("higgins2017", "locatello2019"),
        *("tradeoff", "tradeoff_capacity", "tradeoff_conv"),
    )
    assert [load_study(name).name for name in reproductions()] == list(reproductions())


def test_study_without_published_numbers_has_none() -> None:
    assert reproduction("quick") is None
    assert reproduction("../higgins2017") is None


def test_table_of_higgins() -> None:
    assert _values("higgins2017", "beta_vae/higgins2017") == {
        "ground truth": (1.0,),
        "raw pixels": (0.4575,),
        "PCA": (0.849,),
        "ICA": (0.42,),
        "DC-IGN": (0.993,),
        "InfoGAN": (0.735,),
        "VAE untrained": (0.4414,),
        "VAE": (0.6158,),
        "beta-VAE, beta 4": (0.9923,),
    }
    [table] = _found("higgins2017").tables
    assert [row.label for row in table.rows if row.from_memory] == ["VAE untrained"]
    assert (table.statistic, table.n_models) == ("best half", 30)


def test_mig_of_study_v1() -> None:
    assert _values("locatello2019", "mig/locatello2019") == {
        "beta 1": (0.087, 0.063, 0.039),
        "beta 6": (0.091, 0.148, 0.175),
        "beta 16": (0.169, 0.344, 0.377),
    }


def test_nats_of_disentangling_vae() -> None:
    assert _values("tradeoff", "reconstruction") == {"beta 1": (17.99,), "beta 4": (35.61,)}
    assert _values("tradeoff", "kl") == {"beta 1": (25.4,), "beta 4": (15.35,)}
    assert _values("tradeoff_capacity", "reconstruction") == {"C = 25": (81.06,)}
    assert _values("tradeoff_capacity", "kl") == {"C = 25": (25.0,)}


def test_nats_of_the_network_of_study_v1() -> None:
    betas = [f"beta {beta}" for beta in (1, 2, 4, 8, 16)]
    reconstruction = _values("tradeoff_conv", "reconstruction")
    assert list(reconstruction) == betas
    assert [v for (v,) in reconstruction.values()] == [24.7, 32.9, 49.0, 71.9, 114.2]
    kl = _values("tradeoff_conv", "kl")
    assert list(kl) == betas
    assert [v for (v,) in kl.values()] == [27.3, 18.8, 14.2, 9.9, 6.5]


@pytest.mark.parametrize("name", reproductions())
def test_study_asks_for_what_is_compared(name: str) -> None:
    """So that no row stays empty for want of a run or of a protocol."""
    study = load_study(name)
    runs = study.runs(precision="fp32", data_sha256="")
    asked = {
        (run.objective, " ".join(f"{n}={value:g}" for n, value in run.chosen.items()))
        for run in runs
    }
    for table in _found(name).tables:
        assert table.quantity in OF_RUNS or (
            table.quantity in PROTOCOLS and table.quantity in study.evaluation.protocols
        )
        for row in table.rows:
            assert row.model is None or _setting(row) in asked, row


@pytest.mark.parametrize("name", reproductions())
def test_study_fulfils_every_condition(name: str) -> None:
    """Else its rows could not be compared, however long it is trained."""
    study = load_study(name)
    ours = study.model.model_dump() | study.training.model_dump() | {"grid": study.evaluation.grid}
    for table in _found(name).tables:
        for row in table.rows:
            conditions = table.conditions_of(row)
            assert conditions.keys() <= COLUMNS["runs"].keys()
            assert conditions == {key: ours[key] for key in conditions}
        if table.statistic == "best half":
            assert len(study.seeds) == table.n_models


def _setting(row: PublishedRow) -> tuple[str | None, str]:
    return row.model, row.hyperparameters or ""
