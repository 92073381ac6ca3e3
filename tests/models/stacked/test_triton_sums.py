"""The kernels, as Triton interprets them on a CPU, sum what torch does, whatever tiles leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from disbench.models.stacked import torch_sums
from disbench.models.stacked.tiles import TUNED, Tile, tile_of

if TYPE_CHECKING:
    from joblib.externals.loky import ProcessPoolExecutor

triton_sums = pytest.importorskip("disbench.models.stacked.triton_sums", exc_type=ImportError)

Sides = Any  # of the conftest, which cannot be imported


def _assert_close(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Up to the order of a sum of some thousand float32 numbers."""
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def _options(sides: Sides) -> dict[str, Any]:
    return {"geometry": sides.geometry, "dtype": torch.float32}


def test_down_is_that_of_torch(tiled: Sides, interpreter: ProcessPoolExecutor) -> None:
    for finish in ({}, {"bias": tiled.small_bias, "relu": True}, {"gate": tiled.small}):
        options = _options(tiled) | finish
        found = interpreter.submit(triton_sums.down, tiled.large, tiled.weight, **options)
        _assert_close(found.result(), torch_sums.down(tiled.large, tiled.weight, **options))


def test_up_is_that_of_torch(tiled: Sides, interpreter: ProcessPoolExecutor) -> None:
    for finish in ({}, {"bias": tiled.large_bias, "relu": True}, {"gate": tiled.large}):
        options = _options(tiled) | finish
        found = interpreter.submit(triton_sums.up, tiled.small, tiled.weight, **options)
        _assert_close(found.result(), torch_sums.up(tiled.small, tiled.weight, **options))


@pytest.mark.parametrize("of_large", [True, False])
def test_correlate_is_that_of_torch(
    tiled: Sides,
    of_large: bool,  # noqa: FBT001
    interpreter: ProcessPoolExecutor,
) -> None:
    arguments = (tiled.large, tiled.small)
    options = {"geometry": tiled.geometry, "of_large": of_large}
    found = interpreter.submit(triton_sums.correlate, *arguments, **options).result()
    for ours, theirs in zip(found, torch_sums.correlate(*arguments, **options), strict=True):
        _assert_close(ours, theirs)


def test_a_model_gets_the_same_bits_alone(tiled: Sides, interpreter: ProcessPoolExecutor) -> None:
    pair, alone = (
        interpreter.submit(
            triton_sums.down, tiled.large[:n], tiled.weight[:n], **_options(tiled)
        ).result()
        for n in (2, 1)
    )
    assert torch.equal(pair[:1], alone)


def test_tiles_are_powers_of_two_from_16_on() -> None:
    assert [triton_sums._within(n, 128) for n in (1, 16, 17, 100, 129, 5000)] == [
        *(16, 16, 32, 128, 128, 128)
    ]


def test_tuned_tiles_are_for_bfloat16_on_the_gpu_they_were_tuned_on() -> None:
    """On another device, or in float32, the default stands."""
    default = Tile(16, 16, 16)
    for key, device in ((next(iter(TUNED)), "cpu"), (("down", 3, 1, 1, 1), "cpu")):
        for dtype in (torch.bfloat16, torch.float32):
            assert tile_of(key, default, dtype=dtype, device=torch.device(device)) == default
