"""The training steps of two runs at once, one a core, as a grid on this machine takes them."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from arithmetic import step_operations
from processes import CONTEXT, on_one_thread, peak_bytes, threads
from timing import OURS, alternate, wall_seconds
from training import plain_loop, start, take

from disbench.hardware import keep_freed_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from machine import Setting
    from measurement import Measurement

N_RUNS = 2
N_STEPS = 20
"""In a turn: the processes begin and end it within a millisecond of each other."""


def measure(setting: Setting, *, network: str, precision: str) -> Measurement:
    """A step of each of two runs, beside the plainest fp32 loop on two threads, by the clock.

    The floor is what two threads would need for the multiplications, so that the share of the
    machine's peak is one over 'over floor'.
    """
    with ExitStack() as stack:
        workers = [stack.enter_context(worker()) for _ in range(N_RUNS)]
        peer = stack.enter_context(ProcessPoolExecutor(1, CONTEXT))
        calls = {
            OURS: partial(take_together, workers, network, precision),
            "plain fp32 loop, 2 threads": lambda: peer.submit(_plain, network).result(),
        }
        rounds = alternate(calls, seconds=setting.seconds, clock=wall_seconds)
        peak = sum(pool.submit(peak_bytes).result() for pool in workers)
    trainer = start(network, precision)
    operations = N_RUNS * step_operations(trainer)
    plain = rounds.speed("plain fp32 loop, 2 threads", work=N_RUNS)
    return replace(rounds, peak_bytes=peak).measurement(
        f"pair/{network}/{precision}",
        calls=N_STEPS,
        n_images=N_RUNS * trainer.run.batch_size,
        floor=operations / setting.machine.operations_of_two[precision],
        ratios=(plain,),
    )


def worker() -> ProcessPoolExecutor:
    """A process that computes as a worker of disbench does."""
    return ProcessPoolExecutor(1, CONTEXT, initializer=keep_freed_memory)


def take_together(workers: Sequence[ProcessPoolExecutor], network: str, precision: str) -> None:
    """Have all workers take `N_STEPS` steps at the same time, each of a run of its own."""
    turns = [worker.submit(on_one_thread, _turn, network, precision) for worker in workers]
    for turn in turns:
        turn.result()


def _turn(network: str, precision: str) -> None:
    take(start(network, precision), N_STEPS)


def _plain(network: str) -> None:
    with threads(2):
        plain_loop(network).steps(N_STEPS)
