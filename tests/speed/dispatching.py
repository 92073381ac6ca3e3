"""What a grid costs beside its runs: sending them to a cluster, and finding out what is done."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from measurement import Measurement, Ratio
from processes import alone, peak_bytes
from timing import OURS, alternate, wall_seconds

from disbench import finishing
from disbench.cluster import crew, tasks
from disbench.cluster.clients import local_cluster
from disbench.cluster.executor import Cluster
from disbench.outcomes import Outcome
from disbench.plan import Plan, make_plan
from disbench.provenance import provenance
from disbench.record_files import write_record
from disbench.records import LossRecord, TrainingRecord
from disbench.rounds import outcomes
from disbench.store import Store
from disbench.study_files import load_study, narrowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Client
    from machine import Setting

    from disbench.cells import Cell
    from disbench.runs import Run

N_WORKERS = 2
WEIGHTS = bytes(20_000)


def measure_cluster(_: Setting, *, n_runs: int, shared: bool) -> Measurement:
    """A run that takes no time, of many on two workers: seconds by the clock, not of the CPU.

    Beside it, Dask's own map of the same runs over the same workers, which survives nothing. The
    floor is what writing its files takes alone, the peak that of the client. No disk is waited for,
    which says more of the disk than of the cluster.
    """
    with TemporaryDirectory() as folder:
        floor = alone(_seconds_to_write, Path(folder) / "alone")
    with TemporaryDirectory() as folder:
        seconds, mapped, peak = alone(_over_cluster, Path(folder), n_runs, shared=shared)
    speed = mapped / seconds
    return Measurement(
        row=f"cluster/{'shared' if shared else 'unshared'}/{n_runs}",
        value=seconds / n_runs,
        floor=floor,
        ratios=(Ratio(name="speed of Dask's own map", median=speed, low=speed, high=speed),),
        peak_bytes=peak,
    )


def measure_to_do(setting: Setting, *, n_runs: int) -> Measurement:
    """What is left to do of a grid that is finished, each run scored by 20 protocols.

    Beside it, parsing the records of all runs, which neither validates them nor looks at the files
    that they name. The floor is to read their bytes.
    """
    with TemporaryDirectory() as folder:
        plan = alone(finished_plan, Path(folder), n_runs)
        calls: dict[str, Callable[[], object]] = {
            OURS: lambda: nothing_left(plan),
            "plain json": lambda: [json.loads(record) for record in _records(plan)],
            "bytes alone": lambda: list(_records(plan)),
        }
        rounds = alternate(calls, seconds=setting.seconds / 2, warm_up=False)
    return rounds.measurement(
        f"to do/{n_runs}",
        floor=median(rounds.seconds["bytes alone"]),
        ratios=(rounds.speed("plain json"),),
    )


def tiny_finish(cell: Cell, *, stop: Callable[[], bool]) -> Outcome:
    """Write a run as if it had been trained, and diverged, so that there is nothing to score."""
    if stop():
        return Outcome(cell.run, "stopped", 0.0)
    store = Store(cell.directory)
    with store.claimed(cell.run):
        folder = store.begun(cell.run)
        folder.path.mkdir(exist_ok=True)
        folder.write_training(_record(cell.run), [LossRecord(1, 2.0, 2.0, 0.0)], WEIGHTS)
        store.publish(cell.run)
    return Outcome(cell.run, "diverged", 0.0)


def _over_cluster(directory: Path, n_runs: int, *, shared: bool) -> tuple[float, float, int]:
    """Seconds over our executor, seconds by Dask's own map, and the peak before the latter."""
    _wait_for_no_disk()
    plan = _plan(directory, n_runs)
    if not shared:
        real = crew.sharing
        crew.sharing = lambda *asked: dict.fromkeys(real(*asked), False)
    with Cluster(local_cluster(N_WORKERS)) as executor:
        executor._client.run(_pretend)
        next(iter(outcomes(plan.cells[:1], executor)))  # which loads all that there is to load
        started = time.perf_counter()
        ends = Counter(outcome.status for outcome in outcomes(plan.cells[1:], executor))
        seconds, peak = time.perf_counter() - started, peak_bytes()
        mapped = wall_seconds(partial(_mapped, executor._client, directory / "mapped", n_runs))
    if ends != {"diverged": n_runs - 1}:
        raise RuntimeError(f"the runs ended otherwise: {ends}")
    return seconds, mapped, peak


def _mapped(client: Client, directory: Path, n_runs: int) -> None:
    cells = _plan(directory, n_runs).cells[1:]
    client.gather(client.map(partial(tiny_finish, stop=bool), cells, pure=False))


def _pretend() -> None:
    tasks.finish = tiny_finish
    _wait_for_no_disk()


def _wait_for_no_disk() -> None:
    os.fsync = lambda _: None


def _seconds_to_write(directory: Path) -> float:
    _wait_for_no_disk()
    cells_ = _plan(directory, 200).cells
    started = time.perf_counter()
    for cell in cells_:
        tiny_finish(cell, stop=lambda: False)
    return (time.perf_counter() - started) / len(cells_)


def _plan(directory: Path, n_runs: int) -> Plan:
    study = narrowed(
        load_study("smoke"),
        objectives=["beta_vae"],
        beta=[1.0],
        seeds=n_runs,
        steps=50,
        precision="fp32",
    )
    Store(directory).open_for(study)
    return make_plan(study, directory, device="cpu")


def _record(run: Run) -> TrainingRecord:
    return TrainingRecord(
        run=run,
        data_source="rendered",
        status="diverged",
        steps_done=1,
        started=datetime.now(UTC),
        seconds=0.0,
        provenance=provenance("cpu"),
    )


def finished_plan(directory: Path, n_runs: int) -> Plan:
    """A finished grid: one short run, and copies of it that share its files."""
    plan = _plan(directory, n_runs)
    store, real = Store(directory), plan.cells[0]
    if (outcome := finishing.finish(real)).status != "done":
        raise RuntimeError(f"the run to copy {outcome.status}: {outcome.error}")
    training, evaluation = store.folder(real.run).records()
    if training is None or evaluation is None:
        raise RuntimeError("the run to copy has no records")
    protocols = [f"mig/{number}" for number in range(20)]
    scores = [evaluation.scores[0].model_copy(update={"protocol": p}) for p in protocols]
    scored = evaluation.model_copy(update={"scores": (*evaluation.scores, *scores)})
    for cell in plan.cells[1:]:
        folder = store.folder(cell.run).path
        folder.mkdir()
        for path in store.folder(real.run).path.iterdir():
            if path.suffix != ".json":
                (folder / path.name).hardlink_to(path)
        update = {"run": cell.run}
        write_record(training.model_copy(update=update), folder / "training.json", durable=False)
        update = {"identity": cell.run.identity}
        write_record(scored.model_copy(update=update), folder / "evaluation.json", durable=False)
    return replace(plan)


def _records(plan: Plan) -> Iterator[bytes]:
    """The bytes of the two records of each run."""
    for cell in plan.cells:
        folder = Store(cell.directory).folder(cell.run).path
        yield from ((folder / f"{kind}.json").read_bytes() for kind in ("training", "evaluation"))


def nothing_left(plan: Plan) -> None:
    """Find out what is left to do, which is to be nothing."""
    if left := plan.afresh().to_do:
        raise RuntimeError(f"{len(left)} runs are left")
