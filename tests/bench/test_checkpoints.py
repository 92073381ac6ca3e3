"""A checkpoint holds a moment of a run to the bit, or is not believed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from disbench.checkpoints import Checkpoints, Sitting
from disbench.errors import DamagedError
from disbench.provenance import provenance
from disbench.seals import seal
from disbench.training import Moment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run


def _moment(step: int) -> Moment:
    rng = torch.Generator().manual_seed(step)
    weights = torch.randn(3, 2, 4, 4, generator=rng).to(memory_format=torch.channels_last)
    losses = torch.tensor([[1, 1 / 3, 0.1, torch.nan]], dtype=torch.float64)
    return Moment(step, {"model.a": weights, "losses": losses, "sums": torch.zeros(3)})


def _sitting(run: Run) -> Sitting:
    started = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    return Sitting(
        identity=run.identity, started=started, seconds=1.25, provenance=provenance("cpu")
    )


@pytest.fixture
def run(make_run: Callable[..., Run]) -> Run:
    return make_run()


@pytest.fixture
def checkpoints(tmp_path: Path, run: Run) -> Checkpoints:
    return Checkpoints(run, tmp_path)


def _placed(checkpoints: Checkpoints, step: int, data: bytes) -> Path:
    """A file of any content, under the name that its checksum gives it."""
    path = checkpoints.folder / f"checkpoint-{step:015d}-{seal(data).sha256}.safetensors"
    path.write_bytes(data)
    return path


def test_a_moment_comes_back_to_the_bit(checkpoints: Checkpoints, run: Run) -> None:
    checkpoints.write(_moment(7), _sitting(run))
    [path] = checkpoints.paths()
    moment, sitting = checkpoints.read(path)
    assert sitting == _sitting(run)
    assert moment.step == checkpoints.last_step() == 7
    assert moment.tensors.keys() == _moment(7).tensors.keys()
    for name, tensor in _moment(7).tensors.items():
        assert moment.tensors[name].dtype == tensor.dtype
        assert torch.equal(moment.tensors[name].nan_to_num(-1), tensor.nan_to_num(-1))


def test_the_last_two_are_kept(checkpoints: Checkpoints, run: Run) -> None:
    assert checkpoints.last_step() == 0
    for step in (9, 10, 100):
        checkpoints.write(_moment(step), _sitting(run))
    found = [checkpoints.read(path)[0].step for path in checkpoints.paths()]
    assert found == [100, 10]
    assert len(list(checkpoints.folder.iterdir())) == 2


def test_other_files_are_no_checkpoints(checkpoints: Checkpoints) -> None:
    for name in ("checkpoint-7.safetensors", "checkpoint-000000000000007-x", "training.json"):
        (checkpoints.folder / name).touch()
    assert checkpoints.paths() == []
    assert checkpoints.last_step() == 0


def test_checkpoint_of_another_run_is_refused(
    checkpoints: Checkpoints, run: Run, make_run: Callable[..., Run]
) -> None:
    checkpoints.write(_moment(7), _sitting(make_run(seed=1)))
    [path] = checkpoints.paths()
    with pytest.raises(DamagedError, match=f"it is that of another run than {run.id}"):
        checkpoints.read(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no tensors",
        save({"a": torch.zeros(3)}),
        save({"a": torch.zeros(3)}, metadata={"disbench": "{}"}),
        save({"a": torch.zeros(3)}, metadata={"disbench": "\x00"}),
        # A header that declares more than the file holds.
        (2**40).to_bytes(8, "little") + b"{}",
        b'\x40\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4]}}',
    ],
)
def test_what_is_no_checkpoint_is_named_even_with_a_right_checksum(
    data: bytes, checkpoints: Checkpoints
) -> None:
    path = _placed(checkpoints, 7, data)
    with pytest.raises(DamagedError) as refusal:
        checkpoints.read(path)
    assert refusal.value.path == path


@given(place=st.integers(0), bit=st.integers(0, 7), cut=st.booleans())
def test_no_damage_goes_unseen(
    place: int,
    bit: int,
    cut: bool,  # noqa: FBT001 - drawn by name
    make_run: Callable[..., Run],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    checkpoints = Checkpoints(make_run(), tmp_path_factory.mktemp("damaged"))
    checkpoints.write(_moment(1), _sitting(make_run()))
    [path] = checkpoints.paths()
    data = bytearray(path.read_bytes())
    place %= len(data)
    data[place] ^= 1 << bit
    path.write_bytes(data[:place] if cut else data)
    with pytest.raises(DamagedError, match="its checksum is that of another content"):
        checkpoints.read(path)
