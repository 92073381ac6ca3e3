"""Images come to a device as bits that are unpacked there, or as pixels that are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from disbench import resident
from disbench.datasets.stored import StoredImages
from disbench.dsprites import PackedImages
from disbench.dsprites.correlated import CorrelatedImages
from disbench.resident import Resident, Streamed, supply_of
from disbench.trainer import as_tensor

if TYPE_CHECKING:
    from disbench.datasets.images import ImageSet
    from disbench.resident import Supply

ROWS = np.array([[3, 0, 3], [1, 4, 2]])


@pytest.fixture
def packed() -> PackedImages:
    """Five images of random bits."""
    bits = np.random.default_rng(0).integers(0, 256, (5, 512), np.uint8)
    return PackedImages(bits, "0" * 64, "noise")


def _stored(*shape: int) -> StoredImages:
    pixels = np.random.default_rng(0).integers(0, 256, (6, *shape), np.uint8)
    return StoredImages(pixels, {"a": 2, "b": 3}, "0" * 64, "noise")


def _received(supply: Supply) -> torch.Tensor:
    return supply.received(torch.from_numpy(supply.sent(ROWS)))


def _expected(images: ImageSet) -> torch.Tensor:
    """The images of each run as a trainer has them."""
    return torch.stack([as_tensor(images, rows, device="cpu") for rows in ROWS])


def test_packed_images_are_resident_and_only_rows_are_sent(packed: PackedImages) -> None:
    supply = supply_of(packed, device="cpu", precision="fp32")
    assert isinstance(supply, Resident)
    assert supply.sent(ROWS) is ROWS
    assert torch.equal(_received(supply), _expected(packed))
    assert _received(supply).shape == (2, 3, 1, 64, 64)


def test_resident_and_streamed_images_are_the_same(packed: PackedImages) -> None:
    resident_ones = _received(supply_of(packed, device="cpu", precision="fp32"))
    streamed = _received(Streamed(packed))
    assert resident_ones.dtype == streamed.dtype == torch.float32
    assert torch.equal(resident_ones, streamed)


def test_correlated_images_are_those_they_are_drawn_from(packed: PackedImages) -> None:
    supply = supply_of(CorrelatedImages(packed), device="cpu", precision="fp32")
    assert isinstance(supply, Resident)
    assert torch.equal(_received(supply), _expected(packed))


@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 3)])
def test_other_images_are_streamed_and_scaled(shape: tuple[int, ...]) -> None:
    images = _stored(*shape)
    supply = supply_of(images, device="cpu", precision="fp32")
    assert isinstance(supply, Streamed)
    assert supply.sent(ROWS).dtype == np.uint8
    assert torch.equal(_received(supply), _expected(images))
    assert _received(supply).max() == 1


@pytest.mark.parametrize(
    ("device", "precision", "dtype"),
    [
        ("cuda", "bf16", torch.bfloat16),
        ("cuda", "fp32", torch.float32),
        ("cpu", "bf16", torch.float32),
    ],
)
def test_bits_become_bfloat16_on_a_gpu_that_multiplies_it(
    device: str,
    precision: str,
    dtype: torch.dtype,
    packed: PackedImages,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = resident._on
    monkeypatch.setattr(resident, "_on", lambda _, images: real("cpu", images))
    supply = supply_of(packed, device=device, precision=precision)
    assert _received(supply).dtype == dtype
    assert torch.equal(_received(supply).float(), _expected(packed))


def test_images_come_to_a_device_whole() -> None:
    """They are brought there by 65,536 at a time."""
    bits = np.arange(2**16 + 3, dtype=np.uint32).view(np.uint8).reshape(-1, 4)
    there = resident._on("cpu", PackedImages(bits, "", ""))
    assert np.array_equal(there.numpy(), bits)
