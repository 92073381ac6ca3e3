"""Tables hold what the runs hold, and survive their files to the bit."""

from __future__ import annotations

from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from disbench.finished import finished_runs
from disbench.records import Failure, LossRecord
from disbench.settings import SETTING
from disbench.store import Store
from disbench.tables import analyse, learning_curves, read_csv, tabulate, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

MIG = "mig/exact"
NASTY = 'ValueError: "a", b;\n\tNA, nan, None, \u03b2 \U0001f600 \\n'


@pytest.fixture
def store(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> Store:
    """Two settings, a diverged run, and one that failed."""
    store = Store(tmp_path / "results")
    write_run(store, make_run(seed=1), {MIG: 0.25, "beta_vae/locatello2019": 0.75})
    write_run(store, make_run(seed=0), {MIG: 1 / 3})
    write_run(store, make_run(objective="ae", hyperparameters={}), {MIG: 0.5})
    lost = LossRecord(2, nan, nan, nan)
    write_run(store, make_run(hyperparameters={"beta": 16.0}), status="diverged", losses=[lost])
    failed = make_run(objective="vae", hyperparameters={}, seed=2**63 - 1)
    store.note_failure(Failure(run=failed, error=NASTY, traceback=""))
    return store


def test_runs_are_ordered_by_model_beta_and_seed(store: Store) -> None:
    runs = tabulate(store).runs
    assert list(zip(runs["model"], runs["beta"].fillna(-1), runs["seed"], strict=True)) == [
        ("ae", -1, 0),
        ("vae", 1, 2**63 - 1),
        ("beta_vae", 4, 0),
        ("beta_vae", 4, 1),
        ("beta_vae", 16, 0),
    ]
    assert list(runs["status"]) == ["done", "failed", "done", "done", "diverged"]


def test_other_machines_that_a_run_came_from_are_named(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """Another commit is no other machine."""
    folder = write_run(Store(tmp_path), make_run())
    record = folder.training()
    assert record is not None
    changes = ({"torch": "2.4.9"}, {"git_commit": "a"}, {"torch": "2.4.9", "device_name": "B CPU"})
    earlier = tuple(record.provenance.model_copy(update=change) for change in changes)
    folder.write_training(record.model_copy(update={"earlier": earlier}), folder.losses(), b"w")
    [said] = tabulate(Store(tmp_path)).runs["resumed_from"]
    assert said == "device_name B CPU; torch 2.4.9"


def test_row_of_a_run_is_complete(store: Store, make_run: MakeRun) -> None:
    row = tabulate(store).runs.iloc[2].to_dict()
    run = make_run()
    for empty in ("git_commit", "resumed_from", "error"):
        assert isnan(row.pop(empty))
    assert row == {
        "run": run.id,
        "model": "beta_vae",
        "beta": 4,
        "beta_norm": 4 * 3 / 4096,
        "hyperparameters": "beta=4",
        "seed": 0,
        "status": "done",
        "steps_done": 4,
        "reconstruction": 100.5,
        "kl": 1.75,
        "elbo": -102.25,
        "active_dimensions": 2,
        "training_seconds": 12.25,
        "evaluation_seconds": 2.5,
        "network": "conv",
        "latents": 3,
        "steps": 4,
        "batch_size": 8,
        "optimiser": "adam",
        "learning_rate": 1e-3,
        "precision": "fp32",
        "grid": "tiny",
        "n_reconstructed": 1440,
        "data_source": "rendered",
        "data_sha256": "0" * 64,
        "identity": run.identity,
        "training_version": run.training_version,
        "started": "2026-01-02T03:04:05.678901+00:00",
        "disbench": "0.1.0",
        "python": "3.11.1",
        "torch": "2.4.0",
        "numpy": "2.0.0",
        "scipy": "1.14.0",
        "scikit_learn": "1.5.0",
        "platform": "Linux x86_64",
        "device": "cpu",
        "device_name": "A CPU",
        "threads": 1,
        "source": store.directory.name,
    }


def test_pixels_of_every_channel_count_in_the_normalised_beta(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    """Higgins et al. 2017: beta times latents by pixels; also of a run that has failed."""
    store = Store(tmp_path)
    write_run(store, make_run(), channels=3)
    failure = Failure(run=make_run(seed=1), channels=3, error="no", traceback="")
    store.note_failure(failure)
    assert tabulate(store).runs["beta_norm"].tolist() == [4 * 3 / (3 * 4096)] * 2


def test_beta_that_does_not_weigh_the_kl_is_not_normalised(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    for objective in ("beta_tc_vae", "ada_gvae"):
        write_run(store, make_run(objective=objective))
    runs = tabulate(store).runs.set_index("model")
    assert runs["beta"].to_dict() == {"beta_tc_vae": 4, "ada_gvae": 4}
    assert isnan(runs.loc["beta_tc_vae", "beta_norm"])
    assert runs.loc["ada_gvae", "beta_norm"] == 4 * 3 / 4096


def test_autoencoder_has_no_beta_and_no_kl(store: Store) -> None:
    row = tabulate(store).runs.iloc[0]
    missing = ["beta", "beta_norm", "hyperparameters", "kl", "elbo"]
    assert row[missing].isna().all()
    assert row["reconstruction"] == 100.5


def test_failed_run_has_a_row_with_its_definition(store: Store) -> None:
    row = tabulate(store).runs.iloc[1]
    assert (row["error"], row["beta"], row["latents"]) == (NASTY, 1, 3)
    assert row[["steps_done", "reconstruction", "torch", "started"]].isna().all()


def test_run_that_could_not_be_scored_again_has_one_row(store: Store, make_run: MakeRun) -> None:
    store.note_failure(Failure(run=make_run(), error="KeyError: 'x'", traceback=""))
    runs = tabulate(store).runs
    assert runs["run"].is_unique
    assert list(runs["error"].fillna(""))[2:] == ["KeyError: 'x'", "", ""]
    assert list(runs["status"])[2:4] == ["done"] * 2


def test_scores_are_tidy(store: Store, make_run: MakeRun) -> None:
    scores = tabulate(store).scores
    assert scores["model"].tolist() == ["ae"] + ["beta_vae"] * 3
    assert scores["seed"].tolist() == [0, 0, 1, 1]
    assert scores["value"].tolist() == [0.5, 1 / 3, 0.25, 0.75]
    assert scores["protocol"].tolist() == [MIG, MIG, MIG, "beta_vae/locatello2019"]
    row = scores.iloc[1].to_dict()
    assert row["run"] == make_run().id
    assert (row["representation"], row["evaluation_seed"]) == ("mean", 0)
    assert (row["floor"], row["ceiling"], row["n_points"]) == (0.1, 0.9, 1440)
    assert row["calibrated"] == pytest.approx((1 / 3 - 0.1) / 0.8)
    assert (row["grid"], row["steps_done"], row["protocol_version"]) == ("tiny", 4, 1)
    assert (row["torch"], row["threads"], row["data_sha256"]) == ("2.4.0", 1, "0" * 64)


def test_rows_name_the_directory_they_come_from_last(store: Store) -> None:
    tables = tabulate(store)
    for frame in tables[:4]:
        assert frame.columns[-1] == "source"
        assert set(frame["source"]) == {store.directory.name}
    assert set(tabulate(store, source="mine").scores["source"]) == {"mine"}


def test_directory_is_named_as_it_is_resolved(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.directory)
    assert set(tabulate(Store(Path())).runs["source"]) == {store.directory.name}


def test_directories_together_are_ordered_by_source(store: Store) -> None:
    one, two = (tabulate(store, source=name) for name in ("b", "a"))
    runs, scores = (pd.concat([x, y]) for x, y in zip(one[:2], two[:2], strict=True))
    both = analyse(runs, scores)
    assert both.runs["source"].tolist() == ["a"] * 5 + ["b"] * 5
    assert both.runs["model"].tolist() == one.runs["model"].tolist() * 2
    assert both.summary["mean"].tolist() == two.summary["mean"].tolist() * 2
    assert set(both.comparisons["first"]) == {"a: ae", "a: 4", "b: ae"}


def test_settings_that_differ_in_the_seventh_digit_are_apart(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    for beta in (4.0, 4.0000001):
        write_run(store, make_run(hyperparameters={"beta": beta}), {MIG: 0.5})
    runs = tabulate(store).runs
    assert runs["hyperparameters"].tolist() == ["beta=4", "beta=4.0000001"]


def test_empty_directory_has_empty_tables(tmp_path: Path) -> None:
    tables = tabulate(Store(tmp_path / "nowhere"))
    assert [len(table) for table in tables] == [0] * 7
    assert list(tables.summary.columns)[:2] == ["model", "beta"]


def test_tables_survive_their_files_to_the_bit(store: Store, tmp_path: Path) -> None:
    tables = tabulate(store)
    assert tables.runs["git_commit"].isna().all()
    assert all(len(table) for table in tables)
    for name, frame in tables._asdict().items():
        write_csv(name, frame, tmp_path)
        pd.testing.assert_frame_equal(read_csv(name, tmp_path), frame, check_exact=True)


def test_empty_tables_survive_their_files(tmp_path: Path) -> None:
    for name, frame in tabulate(Store(tmp_path / "nowhere"))._asdict().items():
        write_csv(name, frame, tmp_path)
        pd.testing.assert_frame_equal(read_csv(name, tmp_path), frame)


def test_numbers_survive_their_files_to_the_bit(store: Store, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scores = pd.concat([tabulate(store).scores] * 1000, ignore_index=True)
    scores["value"] = rng.random(len(scores)) * 10.0 ** rng.integers(-300, 300, len(scores))
    scores.loc[:3, "value"] = [5e-324, np.inf, -0.0, 1.7976931348623157e308]
    scores.loc[4, "value"] = nan
    write_csv("scores", scores, tmp_path)
    found = read_csv("scores", tmp_path)["value"].to_numpy()
    assert found.tobytes() == scores["value"].to_numpy().tobytes()


def test_csv_is_plain(store: Store, tmp_path: Path) -> None:
    """The first columns and a row, as any reader sees them."""
    write_csv("summary", tabulate(store).summary, tmp_path)
    header, first, *_ = (tmp_path / "summary.csv").read_text().splitlines()
    assert header.startswith(
        "model,beta,hyperparameters,representation,protocol,n,mean,median,iqm,std,"
    )
    assert first.startswith("ae,,,mean,mig/exact,1,0.5,0.5,0.5,,")


def test_curves_have_a_row_for_each_run_and_record(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun
) -> None:
    store = Store(tmp_path)
    losses = [LossRecord(2, 9.0, 8.0, 1.0), LossRecord(4, 7.0, 6.0, 0.5)]
    write_run(store, make_run(), losses=losses)
    autoencoder = make_run(objective="ae", hyperparameters={}, seed=3)
    write_run(store, autoencoder, losses=[LossRecord(4, 5.0, 5.0, nan)])
    curves = learning_curves(finished_runs(store, source="here"))
    assert curves["run"].tolist() == [autoencoder.id] + [make_run().id] * 2
    assert curves["step"].tolist() == [4, 2, 4]
    assert curves["reconstruction"].tolist() == [5, 8, 6]
    assert curves["beta"].fillna(-1).tolist() == [-1, 4, 4]
    assert curves["seed"].tolist() == [3, 0, 0]
    assert curves["source"].tolist() == ["here"] * 3


def test_curves_of_nothing_have_no_rows() -> None:
    """Their columns have the types that they have with runs, so that names can be merged in."""
    curves = learning_curves([])
    assert curves.empty
    types = curves.dtypes.astype("str")
    assert types[["step", "kl", *SETTING]].tolist() == [
        *("int64", "float64"),
        *("str", "str", "float64", "str"),
    ]
