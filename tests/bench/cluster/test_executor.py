"""A grid over a Dask cluster: the same bits, and nothing lost with a worker or a client."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from threading import Thread
from typing import TYPE_CHECKING, Any

import pandas as pd
import psutil
import pytest

import disbench
from disbench import runner
from disbench.checkpoints import Checkpoints
from disbench.errors import StudyError, WriteError
from disbench.evidence import gather
from disbench.hardware import Hardware
from disbench.plan import make_plan
from disbench.rounds import outcomes
from disbench.sittings import Interval
from disbench.store import Store
from disbench.study_files import narrowed, to_toml
from disbench.tables import tabulate

distributed = pytest.importorskip("distributed")
cloudpickle = pytest.importorskip("cloudpickle")
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker can import a test

from disbench.cluster import Cluster, connected, crew, local_cluster  # noqa: E402 - not without distributed
from disbench.cluster import executor as cluster_module  # noqa: E402
from disbench.cluster.dispatch import Dispatch  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from distributed import Client, LocalCluster

    from disbench.cells import Cell
    from disbench.cluster.flights import Flight
    from disbench.study import Study

FILES = ("codes.h5", "details.h5", "losses.csv", "model.safetensors", "pictures.h5")
PROTOCOLS = ["mig/exact", "irs/suter2019"]


@pytest.fixture(scope="module")
def scheduler(cache: Path) -> Iterator[LocalCluster]:  # noqa: ARG001 - the workers draw nothing
    """A scheduler with two worker processes, which come back when they are killed."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        memory_limit=None,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as started:
        yield started


@pytest.fixture
def address(scheduler: LocalCluster) -> str:
    """The address of the scheduler, once both workers are there."""
    scheduler.wait_for_workers(2)
    return str(scheduler.scheduler_address)


@pytest.fixture(autouse=True)
def tables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures, which take as long as the runs."""
    monkeypatch.setattr(runner, "write_report", lambda path, **_: gather({path.name: Store(path)}))


@pytest.fixture
def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no worker see what the client sees."""
    real = crew.sharing
    monkeypatch.setattr(crew, "sharing", lambda *asked: dict.fromkeys(real(*asked), False))


@pytest.fixture(params=["shared", "unshared"])
def files(request: pytest.FixtureRequest) -> str:
    """Whether the workers see the client's files."""
    if request.param == "unshared":
        request.getfixturevalue("unshared")
    return str(request.param)


@pytest.fixture(scope="module")
def study(make_study: Callable[..., Study]) -> Study:
    """An autoencoder and a beta-VAE, with codes and two protocols."""
    return make_study(
        training={"steps": 3}, evaluation={"save_codes": True, "protocols": PROTOCOLS}
    )


@pytest.fixture(scope="module")
def long_study(make_study: Callable[..., Study]) -> Study:
    """An autoencoder whose training can be interrupted."""
    return make_study(objectives=[{"name": "ae"}], training={"steps": 24})


def _run_here(study: Study, directory: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "write_report", lambda path, **_: gather({path.name: Store(path)}))
        assert disbench.run(study, out=directory, jobs=1, device="cpu").failed == ()
    return directory


@pytest.fixture(scope="module")
def reference(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, run in this process; not to be changed."""
    return _run_here(study, tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def long_reference(long_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The long study, run in this process without a break."""
    return _run_here(long_study, tmp_path_factory.mktemp("reference"))


def _assert_same(directory: Path, reference: Path) -> None:
    assert _bits(directory) == _bits(reference)
    pd.testing.assert_frame_equal(_scores(directory), _scores(reference), check_exact=True)
    assert not list((directory / "unfinished").iterdir())


def _bits(directory: Path) -> dict[str, bytes]:
    folders = [folder.path for folder in Store(directory).finished()]
    assert folders
    return {
        f"{folder.name}/{name}": (folder / name).read_bytes()
        for folder in folders
        for name in FILES
        if (folder / name).exists()
    }


def _scores(directory: Path) -> pd.DataFrame:
    scores = tabulate(Store(directory)).scores
    keys = ["run", "representation", "protocol"]
    return scores[[*keys, "value", "floor", "ceiling"]].sort_values(keys, ignore_index=True)


def _slowly() -> None:
    """Have this worker take a while for each step, so that there is a middle of a run."""
    from disbench.sittings import Sittings  # noqa: PLC0415 - on a worker

    real = Sittings.after_step

    def after_step(*arguments: Any) -> None:
        time.sleep(0.1)
        real(*arguments)

    if real.__name__ == "after_step" and not hasattr(real, "slow"):
        after_step.slow = True  # type: ignore[attr-defined]
        Sittings.after_step = after_step  # type: ignore[method-assign]


@contextmanager
def _slow_workers(address: str) -> Iterator[Client]:
    with distributed.Client(address, set_as_default=False) as client:
        client.run(_slowly)
        yield client


def _only_cell(study: Study, directory: Path) -> Cell:
    plan = make_plan(study, directory, device="cpu", checkpoint=Interval(steps=2))
    Store(directory).open_for(plan.study)
    [cell] = plan.cells
    return cell


def _await_checkpoint(cell: Cell) -> None:
    checkpoints = Checkpoints(cell.run, Store(cell.directory).begun(cell.run).path)
    while checkpoints.last_step() < 4:
        time.sleep(0.02)


def _flight_once_begun(executor: Cluster) -> Flight:
    while True:
        flights = [] if executor._dispatch is None else list(executor._dispatch._flights.values())
        if flights and flights[0].has_begun:
            return flights[0]
        time.sleep(0.02)


@pytest.mark.usefixtures("files")
def test_cluster_gives_the_same_bits(
    address: str, study: Study, reference: Path, tmp_path: Path
) -> None:
    results = disbench.run(study, out=tmp_path, device="cpu", executor="dask", scheduler=address)
    assert (results.failed, results.notes) == ((), ())
    _assert_same(tmp_path, reference)


@pytest.mark.usefixtures("files")
def test_scores_that_are_missing_are_added(
    address: str, study: Study, reference: Path, tmp_path: Path
) -> None:
    one = study.model_copy(
        update={"evaluation": study.evaluation.model_copy(update={"protocols": ("mig/exact",)})}
    )
    dask: Any = {"out": tmp_path, "device": "cpu", "executor": "dask", "scheduler": address}
    disbench.run(one, **dask)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.safetensors")}
    assert len(before) == 2
    assert disbench.run(study, **dask).notes == ()
    assert {path: path.stat().st_mtime_ns for path in before} == before, "trained once"
    pd.testing.assert_frame_equal(_scores(tmp_path), _scores(reference), check_exact=True)


def test_killed_worker_costs_no_more_than_since_its_checkpoint(
    address: str, long_study: Study, long_reference: Path, tmp_path: Path
) -> None:
    cell = _only_cell(long_study, tmp_path)
    killed_at: list[float] = []
    with _slow_workers(address) as client, Cluster(connected(address)) as executor:

        def kill() -> None:
            flight = _flight_once_begun(executor)
            _await_checkpoint(cell)
            [pid] = client.run(os.getpid, workers=[flight.worker]).values()
            os.kill(pid, signal.SIGKILL)
            killed_at.append(time.time())

        killer = Thread(target=kill)
        killer.start()
        [outcome] = outcomes([cell], executor)
        killer.join()
    assert outcome.status == "done"
    _assert_same(tmp_path, long_reference)
    training = Store(tmp_path).folder(cell.run).training()
    assert training is not None
    assert training.started.timestamp() < killed_at[0], "it was not begun again"


def test_stop_leaves_a_checkpoint(
    address: str, long_study: Study, long_reference: Path, tmp_path: Path, files: str
) -> None:
    cell = _only_cell(long_study, tmp_path)
    with _slow_workers(address), Cluster(connected(address)) as executor:

        def stop() -> None:
            _flight_once_begun(executor)
            _await_checkpoint(cell) if files == "shared" else time.sleep(0.5)
            executor.stop()

        stopper = Thread(target=stop)
        stopper.start()
        with pytest.raises(KeyboardInterrupt):
            list(outcomes([cell], executor))
        stopper.join()
    assert 0 < Checkpoints(cell.run, Store(tmp_path).begun(cell.run).path).last_step() < 24
    assert Store(tmp_path).under_way() == {}, "no claim is left"
    disbench.run(long_study, out=tmp_path, device="cpu", executor="dask", scheduler=address)
    _assert_same(tmp_path, long_reference)


@pytest.mark.usefixtures("unshared")
def test_run_in_other_hands_is_not_sent(address: str, study: Study, tmp_path: Path) -> None:
    plan = make_plan(study, tmp_path, device="cpu")
    Store(tmp_path).open_for(plan.study)
    with Store(tmp_path).claimed(plan.cells[0].run), Cluster(connected(address)) as executor:
        found = {o.run.label: o.status for o in executor.outcomes(plan.cells)}
    assert found == {"ae, seed 0": "elsewhere", "beta_vae, beta 4, seed 0": "done"}


@pytest.mark.usefixtures("files")
def test_failure_is_kept_with_its_traceback(address: str, study: Study, tmp_path: Path) -> None:
    plan = make_plan(study, tmp_path, device="cpu")
    Store(tmp_path).open_for(plan.study)
    [cell, _] = plan.cells
    with Cluster(connected(address)) as executor:
        [outcome] = executor.outcomes([replace(cell, data="nowhere.npz")])
    assert outcome.status == "failed"
    failure = Store(tmp_path).failure(cell.run)
    assert failure is not None
    assert "nowhere.npz" in failure.error
    assert "open_images" in failure.traceback


def test_workers_with_other_versions_are_refused(
    address: str, study: Study, tmp_path: Path
) -> None:
    """One that comes late is sent nothing, and does not keep the others from it."""
    told: list[str] = []
    with _worker_of_another_version(address, tmp_path / "other"):
        with pytest.raises(
            StudyError, match=r"worker tcp:.*: disbench 9\.9 there and 0\.1\.0 here"
        ):
            disbench.run(study, out=tmp_path / "o", executor="dask", scheduler=address)
        assert not (tmp_path / "o").exists()
        late = Cluster(connected(address), tell=told.append)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(crew, "check", lambda *_: None)  # as if it had not been there yet
            with late as executor:
                plan = make_plan(study, tmp_path / "o", device="cpu")
                Store(tmp_path / "o").open_for(plan.study)
                assert [o.status for o in executor.outcomes(plan.cells)] == ["done", "done"]
    assert len(told) == 1
    assert "takes no part: disbench 9.9 there" in told[0]


@contextmanager
def _worker_of_another_version(address: str, folder: Path) -> Iterator[None]:
    info = folder / "disbench-9.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: disbench\nVersion: 9.9\n", "utf-8")
    command = (sys.executable, "-m", "dask", "worker", address, "--no-nanny", "--no-dashboard")
    process = subprocess.Popen(  # noqa: S603 - ours
        command,
        cwd=folder,  # or the metadata of the working directory would come first
        env=os.environ | {"PYTHONPATH": str(folder)},
        stderr=subprocess.DEVNULL,
    )
    try:
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(3)
        yield
    finally:
        process.kill()
        process.wait()


def test_unreachable_scheduler_is_named(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("disbench.cluster.clients.CONNECT_SECONDS", 0.5)
    address = "tcp://127.0.0.1:9"
    with pytest.raises(StudyError, match=f"no Dask scheduler answers at {address}"):
        disbench.run(study, out=tmp_path / "o", executor="dask", scheduler=address)
    assert not (tmp_path / "o").exists()


def test_cluster_without_workers_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(cluster_module, "LONGEST_WAIT", 1.0)
    empty = distributed.LocalCluster(
        n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL
    )
    with empty:
        address = empty.scheduler_address
        executor = Cluster(connected(address), tell=told.append)
        with pytest.raises(StudyError, match=f"{address} has had no worker for 1 s"), executor:
            pytest.fail("there is no worker")
    assert told == ["waiting for a first worker, for at most 1 s"]


def test_workers_that_go_for_good_end_the_grid(
    long_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("disbench.cluster.dispatch.LONGEST_WAIT", 0.5)
    monkeypatch.setattr("disbench.cluster.dispatch.LOOK_SECONDS", 0.3)
    cell = _only_cell(long_study, tmp_path)
    told: list[str] = []
    fleeting = distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        memory_limit=None,
        silence_logs=logging.CRITICAL,
    )
    with fleeting, Cluster(connected(fleeting.scheduler_address), tell=told.append) as executor:
        fleeting.scale(0)
        with pytest.raises(WriteError, match="no worker"):
            list(outcomes([cell], executor))


def test_killed_client_takes_its_local_cluster_along(long_study: Study, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(to_toml(narrowed(long_study, steps=100_000)), "utf-8")
    command = ("run", tmp_path / "study.toml", "--out", tmp_path / "o", "--device", "cpu")
    client = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-m", "disbench", *map(str, command), "--executor", "dask", "--jobs", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list((tmp_path / "o").glob("unfinished/*/progress.json")):
        assert client.poll() is None
        time.sleep(0.1)
    children = psutil.Process(client.pid).children(recursive=True)
    assert children
    client.kill()
    client.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_ctrl_c_does_not_end_the_workers_of_a_local_cluster() -> None:
    with local_cluster(1) as client:
        client.wait_for_workers(1)
        before = client.run(os.getpid)
        for pid in before.values():
            os.kill(pid, signal.SIGINT)
        time.sleep(0.5)
        assert client.run(os.getpid) == before


def test_nobody_is_told_to_wait_for_workers_while_stopping(
    long_study: Study, tmp_path: Path
) -> None:
    told: list[str] = []
    is_stopping = iter([False, True])
    dispatch = Dispatch(
        client=distributed.Client,  # which is not asked
        session="session",
        cells=deque([_only_cell(long_study, tmp_path)]),
        most=None,
        is_stopping=lambda: next(is_stopping),
        tell=told.append,
        numbers=count(),
    )
    for _ in range(2):
        dispatch._sharing["there"] = True
        assert list(dispatch._left("there", expected=True)) == []
    assert told == ["no worker is left; waiting for one, for at most 1 h 00 min"]


class _Workers:
    """A client whose workers answer as told."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers

    def run(self, *_: object, **__: object) -> dict[str, object]:
        return self.answers


class _Closed:
    """A client that has given up."""

    status = "closed"

    def scheduler_info(self, **_: object) -> dict[str, object]:
        return {}


def test_client_that_has_given_up_knows_no_workers() -> None:
    client: Any = _Closed()
    with pytest.raises(OSError, match="connection to the Dask scheduler was lost"):
        crew.addresses(client)
    with pytest.raises(StudyError, match="connection to the Dask scheduler was lost"):
        crew.await_first(client, seconds=1.0, tell=pytest.fail)


def test_workers_that_could_not_be_asked_are_asked_again(
    address: str, long_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("disbench.cluster.dispatch.LOOK_SECONDS", 0.2)
    real, asked = crew.refusals, list[int]()

    def refusals(*arguments: Any) -> dict[str, str]:
        asked.append(1)
        if len(asked) == 1:
            raise RuntimeError("ConnectionPool is closed")
        return real(*arguments)

    with Cluster(connected(address)) as executor:
        monkeypatch.setattr(crew, "refusals", refusals)
        [outcome] = executor.outcomes([_only_cell(long_study, tmp_path)])
    assert outcome.status == "done"


def test_scheduler_that_is_lost_ends_the_grid(long_study: Study, tmp_path: Path) -> None:
    cell = _only_cell(long_study, tmp_path)
    lost = distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        memory_limit=None,
        silence_logs=logging.CRITICAL,
    )
    with lost, Cluster(connected(lost.scheduler_address)) as executor:
        with distributed.Client(lost.scheduler_address, set_as_default=False) as client:
            client.run(_slowly)

        def lose() -> None:
            _flight_once_begun(executor)
            executor._client.close()

        loser = Thread(target=lose)
        loser.start()
        with pytest.raises(WriteError, match="connection to the Dask scheduler was lost"):
            list(outcomes([cell], executor))
        loser.join()


def test_workers_must_agree_on_their_hardware() -> None:
    client: Any = _Workers(a=Hardware("cuda", "bf16"), b=Hardware("cpu", "fp32"))
    with pytest.raises(StudyError, match=r"worker a: cuda, bf16\n  worker b: cpu, fp32"):
        crew.agreed_hardware(client, "ab", "auto", "auto")
    client = _Workers(a=StudyError("device 'cuda': torch finds no GPU here"))
    with pytest.raises(StudyError, match="worker a: device 'cuda': torch finds no GPU"):
        crew.agreed_hardware(client, "a", "cuda", "fp32")
    client = _Workers(a=Hardware("cuda", "bf16"), gone=OSError("closed"))
    assert crew.agreed_hardware(client, ["a"], "auto", "auto") == Hardware("cuda", "bf16")


def test_worker_without_a_package_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"packages": dict.fromkeys(crew.PACKAGES, "1.2+cu126") | {"python": "3.12.1.final.0"}}
    there = {"packages": dict.fromkeys(crew.PACKAGES, "1.2+cpu") | {"python": "3.12.9.final.0"}}
    monkeypatch.setattr(crew, "get_versions", lambda _: here)
    client: Any = _Workers(a=there, b={"packages": there["packages"] | {"scipy": None}})
    assert crew.refusals(client, "ab") == {"b": "scipy missing there and 1.2 here"}
    client = _Workers(a={"packages": there["packages"] | {"python": "3.11.9.final.0"}})
    assert crew.refusals(client, "a") == {"a": "python 3.11 there and 3.12 here"}
