"""Tables hold what the runs hold, and survive their files to the bit."""

from __future__ import annotations

from math import isnan, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from disbench.records import Failure, LossRecord
from disbench.store import Store
from disbench.tables import learning_curves, read_csv, summarise, tabulate, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]

MIG = "mig/exact"
NASTY = 'ValueError: "a", b;\n\tNA, nan, None, \u03b2 \U0001f600 \\n'


@pytest.fixture
def store(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> Store:
    """Two settings, a diverged run, and one that failed."""
    store = Store(tmp_path)
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
        ("beta_vae", 4, 0),
        ("beta_vae", 4, 1),
        ("beta_vae", 16, 0),
        ("vae", 1, 2**63 - 1),
    ]
    assert list(runs["status"]) == ["done", "done", "done", "diverged", "failed"]


def test_row_of_a_run_is_complete(store: Store, make_run: MakeRun) -> None:
    row = tabulate(store).runs.iloc[1].to_dict()
    run = make_run()
    assert isnan(row.pop("git_commit"))
    assert isnan(row.pop("error"))
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
    }


def test_autoencoder_has_no_beta_and_no_kl(store: Store) -> None:
    row = tabulate(store).runs.iloc[0]
    missing = ["beta", "beta_norm", "hyperparameters", "kl", "elbo"]
    assert row[missing].isna().all()
    assert row["reconstruction"] == 100.5


def test_failed_run_has_a_row_with_its_definition(store: Store) -> None:
    row = tabulate(store).runs.iloc[4]
    assert (row["error"], row["beta"], row["latents"]) == (NASTY, 1, 3)
    assert row[["steps_done", "reconstruction", "torch", "started"]].isna().all()


def test_run_that_could_not_be_scored_again_has_one_row(store: Store, make_run: MakeRun) -> None:
    store.note_failure(Failure(run=make_run(), error="KeyError: 'x'", traceback=""))
    runs = tabulate(store).runs
    assert runs["run"].is_unique
    assert list(runs["error"].fillna(""))[:3] == ["", "KeyError: 'x'", ""]
    assert list(runs["status"])[:3] == ["done"] * 3


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


def test_empty_directory_has_empty_tables(tmp_path: Path) -> None:
    tables = tabulate(Store(tmp_path / "nowhere"))
    assert [len(table) for table in tables] == [0, 0, 0]
    assert list(tables.summary.columns)[:2] == ["model", "beta"]


def _scores(values: Sequence[float], **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame({"value": values, "run": [f"run{i}" for i in range(len(values))]})
    defaults = {
        "model": "vae",
        "beta": 1.0,
        "hyperparameters": nan,
        "representation": "mean",
        "protocol": MIG,
    }
    return frame.assign(**defaults | columns).astype({"hyperparameters": "str"})


def _summary(scores: pd.DataFrame) -> dict[str, float]:
    [row] = summarise(scores).to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_summary_by_hand() -> None:
    row = _summary(_scores([0.6, 0.0, 1.1, 0.1, 0.2]))
    assert row["n"] == 5
    assert row["mean"] == pytest.approx(0.4)
    assert row["median"] == pytest.approx(0.2)
    assert row["iqm"] == pytest.approx((0.1 + 0.2 + 0.6) / 3)
    assert row["std"] == pytest.approx(sqrt(0.82 / 4))


def test_interval_is_that_of_resampled_means() -> None:
    values = np.array([0.6, 0.0, 1.1, 0.1, 0.2])
    row = _summary(_scores(list(values)))
    resampled = np.random.default_rng(5).choice(values, (20_000, 5)).mean(axis=1)
    low, high = np.quantile(resampled, [0.025, 0.975])
    assert row["mean_low"] == pytest.approx(low, abs=0.02)
    assert row["mean_high"] == pytest.approx(high, abs=0.02)
    assert row["mean_low"] < row["mean"] < row["mean_high"]


def test_interval_is_the_same_each_time() -> None:
    first, again = (_summary(_scores([0.1, 0.5, 0.7])) for _ in range(2))
    assert (first["mean_low"], first["mean_high"]) == (again["mean_low"], again["mean_high"])


def test_single_seed_has_no_spread() -> None:
    row = _summary(_scores([0.25]))
    assert (row["n"], row["mean"], row["median"], row["iqm"]) == (1, 0.25, 0.25, 0.25)
    assert all(isnan(row[name]) for name in ("std", "mean_low", "mean_high", "evaluation_std"))


def test_equal_scores_have_an_interval_of_no_length() -> None:
    row = _summary(_scores([0.25, 0.25, 0.25]))
    assert (row["std"], row["mean_low"], row["mean_high"]) == (0, 0.25, 0.25)


def test_missing_score_is_not_hidden() -> None:
    row = _summary(_scores([0.25, nan]))
    assert row["n"] == 2
    assert all(isnan(row[name]) for name in ("mean", "mean_low", "mean_high"))


def test_repeats_of_a_run_count_once() -> None:
    """Runs of 0.1 and 0.5, the first scored three times with a variance of 0.01."""
    scores = _scores([0.0, 0.1, 0.2, 0.4, 0.5, 0.6]).assign(run=["a"] * 3 + ["b"] * 3)
    row = _summary(scores)
    assert (row["n"], row["mean"]) == (2, pytest.approx(0.3))
    assert row["std"] == pytest.approx(sqrt(2 * 0.2**2))
    assert row["evaluation_std"] == pytest.approx(0.1)


def test_settings_are_summarised_apart() -> None:
    parts = [
        _scores([0.1], beta=nan, model="ae"),
        _scores([0.3], beta=nan, model="ae"),
        _scores([0.2, 0.4], beta=4.0),
        _scores([0.5], beta=4.0, protocol="other"),
        _scores([0.6], beta=4.0, representation="sampled"),
        _scores([0.7], beta=4.0, hyperparameters="beta=4 gamma=2"),
    ]
    parts[1]["run"] = "another"
    summary = summarise(pd.concat(parts, ignore_index=True))
    assert summary["n"].tolist() == [2, 2, 1, 1, 1]
    assert summary["mean"].tolist() == pytest.approx([0.2, 0.3, 0.5, 0.6, 0.7])
    assert summary["model"].tolist() == ["ae", "vae", "vae", "vae", "vae"]


def test_tables_survive_their_files_to_the_bit(store: Store, tmp_path: Path) -> None:
    tables = tabulate(store)
    assert tables.runs["git_commit"].isna().all()
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
    curves = learning_curves(store.finished())
    assert curves["run"].tolist() == [autoencoder.id] + [make_run().id] * 2
    assert curves["step"].tolist() == [4, 2, 4]
    assert curves["reconstruction"].tolist() == [5, 8, 6]
    assert curves["beta"].fillna(-1).tolist() == [-1, 4, 4]
    assert curves["seed"].tolist() == [3, 0, 0]
    assert learning_curves([]).empty
