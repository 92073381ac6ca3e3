"""Steps are fed in their order, and a launcher adds up what they lose."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import torch

from disbench import launching
from disbench.cohort import Cohort
from disbench.launching import Launcher, sent_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.dsprites import PackedImages
    from disbench.runs import Run


@pytest.fixture
def cohort(make_run: Callable[..., Run], whole: PackedImages) -> Cohort:
    """Two runs before their first step."""
    runs = [make_run(seed=seed, network="burgess", batch_size=2) for seed in (0, 1)]
    return Cohort.start(runs, whole, device="cpu")


def test_steps_are_sent_in_their_order(cohort: Cohort) -> None:
    found = list(sent_steps(cohort, range(3, 6)))
    assert [sent["step"].item() for sent in found] == [3, 4, 5]
    for step, sent in zip(range(3, 6), found, strict=True):
        expected = cohort.sent(step)
        assert sent.keys() == expected.keys()
        assert all(torch.equal(sent[name], expected[name]) for name in sent)


def test_steps_are_drawn_when_they_are_asked_for(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = Cohort.sent

    def sent(self: Cohort, step: int) -> object:
        asked.append(step)
        return real(self, step)

    monkeypatch.setattr(Cohort, "sent", sent)
    feed = sent_steps(cohort, range(100))
    next(feed)
    assert asked == [0]


def test_losses_are_added_up_by_run(cohort: Cohort) -> None:
    sums = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    again = Cohort.start(cohort.runs, cohort.draws[0].images, device="cpu")
    launcher = Launcher.of(cohort, sums)
    expected = sums.clone()
    for step in range(3):
        launcher.take(cohort.sent(step))
        losses = again.step(again.sent(step))
        expected += torch.stack([losses.total, losses.reconstruction, losses.kl], dim=1)
    assert torch.equal(launcher.sums, expected)


def test_what_was_sent_is_copied_to_where_the_last_was(cohort: Cohort) -> None:
    """A recorded step reads from there."""
    launcher = Launcher.of(cohort, torch.zeros(2, 3))
    launcher.take(cohort.sent(0))
    places = {name: tensor.data_ptr() for name, tensor in launcher._held.items()}
    launcher.take(cohort.sent(1))
    assert {name: tensor.data_ptr() for name, tensor in launcher._held.items()} == places
    assert torch.equal(launcher._held["noise"], cohort.sent(1)["noise"])


def test_a_step_is_recorded_after_some_were_taken_and_then_replayed(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, with the graph and the stream played: each step is taken once."""
    taken: list[str] = []

    graph = SimpleNamespace(replay=lambda: taken.append("replayed"))
    launcher = Launcher.of(cohort, torch.zeros(2, 3))
    launcher._stream = object()  # type: ignore[assignment]
    monkeypatch.setattr(Launcher, "_recorded", lambda *_: graph)
    monkeypatch.setattr(Launcher, "_wait_for_the_models", lambda _: None)
    monkeypatch.setattr(Launcher, "_step", lambda _: taken.append("taken"))
    monkeypatch.setattr(launching.torch.cuda, "stream", lambda _: nullcontext())
    for step in range(5):
        launcher.take(cohort.sent(step))
    assert taken == ["taken"] * launching.N_EAGER + ["replayed"] * (5 - launching.N_EAGER)


def test_helpers_leave_signals_to_their_parent() -> None:
    """They inherit its handlers, and would answer Ctrl-C in its place."""
    code = """
import signal
from disbench.launching import _as_helper
signal.signal(signal.SIGTERM, lambda *_: None)
_as_helper(0)
print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]
