"""What computes a grid is chosen by name, and what cannot be is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from disbench import engines
from disbench.engines import executor_of
from disbench.errors import StudyError
from disbench.executors import Local

if TYPE_CHECKING:
    from collections.abc import Callable


def test_grids_run_on_this_machine_unless_told_otherwise() -> None:
    chosen = executor_of("local", jobs=3)
    assert isinstance(chosen, Local)
    assert chosen.jobs == 3


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        (lambda: executor_of("ray"), "no executor 'ray'; expected local or dask"),
        (
            lambda: executor_of("local", scheduler="tcp://a:1"),
            "--scheduler tcp://a:1 is of no use to --executor local; add --executor dask",
        ),
    ],
)
def test_choice_that_cannot_be_is_refused(choose: Callable[[], object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        choose()


def test_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda _: None)
    with pytest.raises(StudyError, match=r"pip install 'disbench\[dask\]'"):
        executor_of("dask")


@pytest.mark.parametrize("address", ["nonsense", "tcp://host", "tcp://:8786", "tcp://h:port"])
def test_what_is_no_address_is_refused(address: str) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(StudyError, match="is no address"), executor_of("dask", scheduler=address):
        pytest.fail("it was opened")
