"""The three sums are what they say, by a literal loop, and each is the gradient of the others."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
import torch

from disbench.models.stacked import torch_sums
from disbench.models.stacked.geometry import DENSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

Sides = Any  # of the conftest, which cannot be imported


def _taps(sides: Sides) -> Iterator[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]:
    """Every place (y, x) with a tap (i, j) of the kernel and the pixel of the large side there."""
    geometry, (_, _, high, wide, _) = sides.geometry, sides.large.shape
    _, _, height, width, _ = sides.small.shape
    kernel = range(geometry.kernel)
    for y, x, i, j in product(range(height), range(width), kernel, kernel):
        top = geometry.stride * y - geometry.padding + i
        left = geometry.stride * x - geometry.padding + j
        if 0 <= top < high and 0 <= left < wide:
            yield (y, x), (i, j), (top, left)


def _down(sides: Sides) -> Tensor:
    small = torch.zeros_like(sides.small)
    for (y, x), (i, j), (top, left) in _taps(sides):
        values, kernel = sides.large[:, :, top, left], sides.weight[:, i, j]
        small[:, :, y, x] += torch.einsum("mbl,mls->mbs", values, kernel)
    return small


def _up(sides: Sides) -> Tensor:
    large = torch.zeros_like(sides.large)
    for (y, x), (i, j), (top, left) in _taps(sides):
        values, kernel = sides.small[:, :, y, x], sides.weight[:, i, j]
        large[:, :, top, left] += torch.einsum("mbs,mls->mbl", values, kernel)
    return large


def _correlated(sides: Sides) -> Tensor:
    weight = torch.zeros_like(sides.weight)
    for (y, x), (i, j), (top, left) in _taps(sides):
        pair = sides.large[:, :, top, left], sides.small[:, :, y, x]
        weight[:, i, j] += torch.einsum("mbl,mbs->mls", *pair)
    return weight


def _options(sides: Sides) -> dict[str, Any]:
    return {"geometry": sides.geometry, "dtype": torch.float64}


def test_down_is_a_literal_loop(sides: Sides) -> None:
    found = torch_sums.down(sides.large, sides.weight, **_options(sides))
    torch.testing.assert_close(found, _down(sides))


def test_up_is_a_literal_loop(sides: Sides) -> None:
    found = torch_sums.up(sides.small, sides.weight, **_options(sides))
    torch.testing.assert_close(found, _up(sides))


@pytest.mark.parametrize("of_large", [True, False])
def test_correlate_is_a_literal_loop(sides: Sides, of_large: bool) -> None:  # noqa: FBT001
    """Beside the sums of one side alone, in float32."""
    weight, side = torch_sums.correlate(
        sides.large, sides.small, geometry=sides.geometry, of_large=of_large
    )
    torch.testing.assert_close(weight, _correlated(sides).float())
    expected = (sides.large if of_large else sides.small).sum(dim=(1, 2, 3))
    torch.testing.assert_close(side, expected.float())
    assert weight.dtype == side.dtype == torch.float32


def test_each_is_the_gradient_of_the_others(sides: Sides) -> None:
    """<down(large), small> = <large, up(small)> = <correlate(large, small), weight>."""
    down = torch_sums.down(sides.large, sides.weight, **_options(sides))
    up = torch_sums.up(sides.small, sides.weight, **_options(sides))
    weight, _ = torch_sums.correlate(
        sides.large, sides.small, geometry=sides.geometry, of_large=False
    )
    expected = pytest.approx((down * sides.small).sum().item(), rel=1e-5)
    assert (sides.large * up).sum().item() == expected
    assert (weight * sides.weight).sum().item() == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [11.0, -5.0]),
        ({"bias": [[1.0, 2.0]]}, [12.0, -3.0]),
        ({"relu": True}, [11.0, 0.0]),
        ({"bias": [[-20.0, 6.0]], "relu": True}, [0.0, 1.0]),
        ({"gate": [0.0, 2.0]}, [0.0, -5.0]),
        ({"gate": [0.5, -1.0]}, [11.0, 0.0]),
    ],
)
@pytest.mark.parametrize("name", ["down", "up"])
def test_bias_relu_and_gate_by_hand(
    name: str, options: dict[str, Any], expected: list[float]
) -> None:
    """1 * 3 + 2 * 4 and 1 * 1 + 2 * -3; where the gate is not positive there is nothing."""
    values = torch.tensor([1.0, 2.0]).reshape(1, 1, 1, 1, 2)
    matrix = torch.tensor([[3.0, 1.0], [4.0, -3.0]])
    weight = (matrix if name == "down" else matrix.T)[None, None, None]
    tensors = {key: torch.tensor(x) for key, x in options.items() if key != "relu"}
    if "gate" in tensors:
        tensors["gate"] = tensors["gate"].reshape(1, 1, 1, 1, 2)
    call = getattr(torch_sums, name)
    found = call(
        values,
        weight,
        geometry=DENSE,
        dtype=torch.float32,
        relu=options.get("relu", False),
        **tensors,
    )
    assert found.flatten().tolist() == expected
