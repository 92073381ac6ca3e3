"""Bits become pixels, and logits errors, in the kernels as in torch."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.func import grad, vmap
from torch.nn import functional as F

from disbench.models.stacked import pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from joblib.externals.loky import ProcessPoolExecutor
    from torch import Tensor


def _packed() -> tuple[Tensor, Tensor, Tensor]:
    """Six images of 2400 bits, five rows of them by twos, and what numpy makes of the bits."""
    packed = np.random.default_rng(0).integers(0, 256, (6, 300), np.uint8)
    rows = np.array([[5, 0], [2, 2]])
    bits = np.unpackbits(packed[rows], axis=-1)
    return torch.from_numpy(packed), torch.from_numpy(rows), torch.from_numpy(bits)


def _logits_and_images(drawn: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
    """Some logits are large: their exponential is not a float32."""
    logits, images = 3 * drawn(3, 1500), (drawn(4, 1500)[1:] > 0).float()
    logits[:, :4] = torch.tensor([150.0, -150.0, 0.0, 30.0])
    return logits, images


def _torch_errors(logits: Tensor, images: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, images, reduction="none").sum(dim=1)


def _torch_slopes(logits: Tensor, images: Tensor, gradients: Tensor) -> Tensor:
    return (torch.sigmoid(logits) - images) * gradients[:, None]


@pytest.fixture
def by_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way that a GPU goes, with torch in the place of the kernels."""
    module = SimpleNamespace(errors=_torch_errors, slopes=_torch_slopes)
    monkeypatch.setattr(pixels, "_module", lambda: module)
    monkeypatch.setattr(pixels, "_kernels", lambda _: module)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_bits_become_pixels_as_numpy_unpacks_them(dtype: torch.dtype) -> None:
    packed, rows, bits = _packed()
    found = pixels.unpacked(packed, rows, dtype=dtype)
    assert (found.dtype, found.shape) == (dtype, (2, 2, 2400))
    assert torch.equal(found, bits.to(dtype))


def test_the_kernel_unpacks_the_same(interpreter: ProcessPoolExecutor) -> None:
    """In float32: Triton interprets no bfloat16."""
    kernels = pytest.importorskip("disbench.models.stacked.pixel_kernels", exc_type=ImportError)
    packed, rows, bits = _packed()
    found = interpreter.submit(kernels.unpacked, packed, rows, dtype=torch.float32).result()
    assert torch.equal(found, bits.float())


def test_errors_are_sums_of_cross_entropies(drawn: Callable[..., Tensor]) -> None:
    logits, images = _logits_and_images(drawn)
    found = pixels.reconstruction_errors(logits.reshape(3, 1, 30, 50), images.reshape(3, 1, 30, 50))
    torch.testing.assert_close(found, _torch_errors(logits, images))


def test_the_kernels_find_the_same_errors_and_slopes(
    drawn: Callable[..., Tensor], interpreter: ProcessPoolExecutor
) -> None:
    kernels = pytest.importorskip("disbench.models.stacked.pixel_kernels", exc_type=ImportError)
    logits, images = _logits_and_images(drawn)
    leaf, gradients = logits.clone().requires_grad_(), torch.tensor([1.0, -0.5, 3.0])
    expected = _torch_errors(leaf, images)
    errors = interpreter.submit(kernels.errors, logits, images).result()
    torch.testing.assert_close(errors, expected.detach())
    expected.backward(gradients)
    slopes = interpreter.submit(kernels.slopes, logits, images, gradients).result()
    torch.testing.assert_close(slopes, leaf.grad)


@pytest.mark.usefixtures("by_kernels")
def test_autograd_and_vmap_know_the_kernels(drawn: Callable[..., Tensor]) -> None:
    """Of two models, one of whose arguments may be that of both."""
    logits, images = drawn(2, 3, 1, 4, 4), (drawn(4, 3, 1, 4, 4)[2:] > 0).float()

    def loss(logits: Tensor, images: Tensor) -> Tensor:
        return (pixels.reconstruction_errors(logits, images) * torch.tensor([1.0, 2.0, 3.0])).sum()

    for dims, target in (((0, 0), images), ((0, None), images[0])):
        found = vmap(grad(loss), in_dims=dims)(logits, target)
        weighed = torch.tensor([1.0, 2.0, 3.0])[:, None, None, None]
        torch.testing.assert_close(found, (torch.sigmoid(logits) - target) * weighed)
        values = vmap(loss, in_dims=dims)(logits, target)
        both = target.expand_as(logits)
        each = F.binary_cross_entropy_with_logits(logits, both, reduction="none")
        torch.testing.assert_close(values, (each * weighed).flatten(1).sum(dim=1))
