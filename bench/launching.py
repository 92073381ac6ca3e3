"""The steps of a cohort, each as few launches as the device allows."""

from __future__ import annotations

import os
import signal
from contextlib import nullcontext
from dataclasses import dataclass, field
from multiprocessing import current_process
from typing import TYPE_CHECKING

import torch
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from torch import Tensor

    from disbench.cohort import Cohort, Sent

N_EAGER = 3
"""Steps before the recording: kernels are compiled and optimisers make their state in them."""

RUNS_OF_A_HELPER = 8
"""So many runs keep a process that draws for them about as busy as the GPU is with them."""

MOST_HELPERS, MOST_AHEAD = 12, 4

DRAWN_AHEAD = 2**25
"""Bytes in shared memory, of which a container has 64 MB unless told otherwise."""


@dataclass
class Launcher:
    """Takes the steps of a cohort, and adds their losses up: (runs, 3).

    On a GPU all kernels of a step are recorded once, as a CUDA graph, and then launched as one.
    """

    cohort: Cohort
    sums: Tensor
    _stream: torch.cuda.Stream | None = None
    _held: Sent = field(default_factory=dict)
    _n_eager: int = 0
    _graph: torch.cuda.CUDAGraph | None = None

    @classmethod
    def of(cls, cohort: Cohort, sums: Tensor) -> Launcher:
        """The launcher of a cohort whose losses so far sum to these."""
        is_cuda = cohort.device == "cuda"
        stream = torch.cuda.Stream() if is_cuda else None  # type: ignore[no-untyped-call]
        return cls(cohort, sums, stream)

    def take(self, sent: Sent) -> None:
        """Take the step that was sent; nothing waits for the device."""
        with self.working():
            self._hold(sent)
            if self._stream is None or self._n_eager < N_EAGER:
                self._n_eager += 1
                self._wait_for_the_models()
                self._step()
                return
            if self._graph is None:
                self._graph = self._recorded(self._stream)
            self._graph.replay()

    def wait(self) -> None:
        """Wait until the device has taken all steps."""
        if self._stream is not None:
            self._stream.synchronize()

    def working(self) -> AbstractContextManager[object]:
        """What is done inside the block is done behind the steps that were taken."""
        return nullcontext() if self._stream is None else torch.cuda.stream(self._stream)

    def _hold(self, sent: Sent) -> None:
        """Copy what was sent to the place where the recorded kernels read it."""
        if not self._held:
            self._held = {
                name: torch.empty_like(t, device=self.cohort.device) for name, t in sent.items()
            }
        for name, tensor in sent.items():
            self._held[name].copy_(tensor, non_blocking=True)

    def _step(self) -> None:
        losses = self.cohort.step(self._held)
        self.sums += torch.stack([losses.total, losses.reconstruction, losses.kl], dim=1)

    def _wait_for_the_models(self) -> None:
        if self._stream is not None:
            self._stream.wait_stream(torch.cuda.default_stream())

    def _recorded(self, stream: torch.cuda.Stream) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the GPU meanwhile, to encode what has been trained.
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            self._step()
        return graph


def sent_steps(cohort: Cohort, steps: range) -> Iterator[Sent]:
    """What each of the steps needs, in order; of a large cohort on a GPU drawn ahead by helpers."""
    n_cores = len(os.sched_getaffinity(0))
    n = min(len(cohort.runs) // RUNS_OF_A_HELPER, MOST_HELPERS, n_cores - 1)
    if cohort.device == "cpu" or n < 1 or current_process().daemon:  # which has no children
        return map(cohort.sent, steps)
    n_steps = DRAWN_AHEAD // sum(tensor.nbytes for tensor in cohort.sent(steps.start).values())
    n = max(1, min(n, n_steps))
    loader = DataLoader(
        _Steps(cohort),
        batch_size=None,
        sampler=steps,
        num_workers=n,
        multiprocessing_context="fork",  # the images are not copied
        worker_init_fn=_as_helper,
        pin_memory=True,
        prefetch_factor=max(1, min(MOST_AHEAD, n_steps // n)),
        generator=torch.Generator(),  # or it would move the global one
    )
    return iter(loader)


def _as_helper(_: int) -> None:
    """Leave Ctrl-C to the parent, whose group gets it too, and SIGTERM to the system."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Steps(Dataset["Sent"]):
    def __init__(self, cohort: Cohort) -> None:
        self._cohort = cohort

    def __getitem__(self, step: int) -> Sent:
        return self._cohort.sent(step)
