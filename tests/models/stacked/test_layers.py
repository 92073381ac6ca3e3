"""A layer of stacked models is one operation, in the type of autocast, of float32 weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.func import functional_call, vmap

from disbench.models.stacked import torch_sums
from disbench.models.stacked.layers import StackedLayer, sums_of
from disbench.models.stacked.stacking import stacked

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from torch import Tensor


def _dense(weights: list[list[list[float]]], biases: list[list[float]]) -> nn.Module:
    """Linear layers of these weights, stacked."""
    layers = []
    for weight, bias in zip(weights, biases, strict=True):
        layer = nn.Linear(len(weight[0]), len(weight))
        layer.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
        layers.append(layer)
    return stacked(layers, device="cpu")


def _called(module: nn.Module, values: Tensor, *, shared: bool = False) -> Tensor:
    parameters = dict(module.named_parameters())
    call = vmap(lambda p, one: functional_call(module, p, (one,)), (0, None if shared else 0))
    return call(parameters, values)


def test_dense_layers_by_hand() -> None:
    """2 x + 1 and -x + 3, each of its own numbers."""
    module = _dense([[[2.0]], [[-1.0]]], [[1.0], [3.0]])
    found = _called(module, torch.tensor([[[1.0], [2.0]], [[10.0], [20.0]]]))
    assert found.tolist() == [[[3], [5]], [[-7], [-17]]]


def test_models_may_be_given_the_same_values() -> None:
    module = _dense([[[2.0]], [[-1.0]]], [[1.0], [3.0]])
    found = _called(module, torch.tensor([[1.0], [2.0]]), shared=True)
    assert found.tolist() == [[[3], [5]], [[2], [1]]]


def test_it_multiplies_in_the_type_of_autocast_with_float32_gradients(
    drawn: Callable[..., Tensor],
) -> None:
    layer = nn.Linear(40, 30)
    module, values = stacked([layer], device="cpu"), drawn(1, 5, 40)
    exact = _called(module, values)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = _called(module, values)
        theirs = layer(values)
    assert (exact.dtype, rounded.dtype) == (torch.float32, torch.bfloat16)
    torch.testing.assert_close(rounded, theirs, rtol=0.02, atol=0.01)
    rounded.float().square().sum().backward()
    assert {p.grad.dtype for p in module.parameters() if p.grad is not None} == {torch.float32}


def test_no_gradient_is_taken_of_values_that_need_none(
    drawn: Callable[..., Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a first layer, that would be a sum over all images for nothing."""
    called = []
    real = torch_sums.up

    def up(*arguments: Tensor, **options: object) -> Tensor:
        called.append(True)
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(torch_sums, "up", up)
    module = stacked([nn.Linear(4, 3)], device="cpu")
    _called(module, drawn(1, 5, 4)).sum().backward()
    assert called == []
    _called(module, drawn(1, 5, 4).requires_grad_()).sum().backward()
    assert called == [True]


def test_a_gated_layer_gives_back_the_gradient_of_before_the_relu() -> None:
    """Of -1 and 2 the second alone is above 0; the layer that applied the ReLU is told so."""
    first, last = nn.Linear(1, 2, bias=True), nn.Linear(2, 1)
    first.load_state_dict({"weight": torch.tensor([[-1.0], [2.0]]), "bias": torch.zeros(2)})
    last.load_state_dict({"weight": torch.tensor([[5.0, 7.0]]), "bias": torch.zeros(1)})
    module = stacked([nn.Sequential(first, nn.ReLU(), last)], device="cpu")
    assert [type(layer) for layer in module.children()] == [StackedLayer] * 2
    values = torch.ones(1, 1, 1, requires_grad=True)
    out = _called(module, values)
    out.sum().backward()
    assert out.item() == 14
    assert values.grad is not None
    assert values.grad.item() == 14
    [weight, _, outer, _] = (p.grad for p in module.parameters())
    assert weight is not None
    assert outer is not None
    assert weight.flatten().tolist() == [0, 7]
    assert outer.flatten().tolist() == [0, 2]


def test_sums_on_a_cpu_are_those_of_torch() -> None:
    assert sums_of(torch.zeros(1)) is torch_sums
