"""A run's curves and scores as event files for TensorBoard, an extra of the package."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from disbench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from torch.utils.tensorboard import SummaryWriter

    from disbench.records import LossRecord, ScoreRecord


def check_installed() -> None:
    """Raise `StudyError` if the package `tensorboard` is not there."""
    try:
        import torch.utils.tensorboard  # noqa: F401, PLC0415 - an extra, and slow to load
    except ImportError:
        raise StudyError(
            "--tensorboard needs a package that is not installed: "
            "pip install 'disbench[tensorboard]'"
        ) from None


@contextmanager
def curves(
    directory: Path | None, *, variational: bool, start: int = 0
) -> Iterator[Callable[[LossRecord], None]]:
    """A function that writes a record of the losses to a directory.

    In nats per image, with the steps per second since the record before. A run that goes on from
    step `start` adds to what is there, and one from the beginning takes its place. Without a
    directory the function does nothing.
    """
    if directory is None:
        yield lambda _: None
        return
    if start == 0:
        shutil.rmtree(directory, ignore_errors=True)
    with _writer(directory, purge_step=start + 1) as writer:
        yield _on_record(writer, variational=variational, start=start)


def write_scores(directory: Path, scores: Iterable[ScoreRecord], *, step: int) -> None:
    """Add a run's scores, as they are after its last step."""
    with _writer(directory) as writer:
        for score in scores:
            writer.add_scalar(f"scores/{score.path}", score.value, step)


def _on_record(
    writer: SummaryWriter, *, variational: bool, start: int
) -> Callable[[LossRecord], None]:
    step, seconds = start, time.perf_counter()

    def write(losses: LossRecord) -> None:
        nonlocal step, seconds
        now = time.perf_counter()
        scalars = {"reconstruction": losses.reconstruction}
        if variational:
            scalars |= {"kl": losses.kl, "elbo": -(losses.reconstruction + losses.kl)}
        scalars["steps per second"] = (losses.step - step) / (now - seconds)
        step, seconds = losses.step, now
        for name, value in scalars.items():
            writer.add_scalar(name, value, step)

    return write


def _writer(directory: Path, *, purge_step: int | None = None) -> SummaryWriter:
    """What writes to a directory; readers forget what was there from `purge_step` on."""
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra, and slow to load

    return SummaryWriter(directory, purge_step=purge_step)
