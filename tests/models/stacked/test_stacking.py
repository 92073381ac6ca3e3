"""Models side by side compute what each does alone, and keep the names of their weights."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, vmap

from disbench.models.layers import ImageConv, ImageConvTranspose
from disbench.models.networks import NETWORKS
from disbench.models.stacked.geometry import DENSE
from disbench.models.stacked.layers import StackedLayer
from disbench.models.stacked.stacking import HALVING, stacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder


class _Whole(nn.Module):
    """An autoencoder as one function: the means of images and the logits of codes, in a row."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        """(n, 2 latents + pixels)."""
        parts = (*self.model.encode(images), self.model.decode(codes).flatten(1))
        return torch.cat(parts, dim=1)


def _together(models: list[Any], *given: Tensor) -> tuple[nn.Module, Tensor]:
    """The models stacked, and what they make of what each of them is given."""
    module = stacked(models, device="cpu")
    parameters = dict(module.named_parameters())
    return module, vmap(lambda p, *one: functional_call(module, p, one))(parameters, *given)


def _slope(like: Tensor) -> Tensor:
    return torch.linspace(-1, 1, like.numel()).reshape(like.shape)


def _assert_close(found: Tensor | None, expected: Tensor | None) -> None:
    """Up to rounding, by the largest of the numbers: sums are taken in another order."""
    assert found is not None
    assert expected is not None
    limit = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(found, expected, rtol=0, atol=limit)


def _assert_each_alone(models: list[Any], *given: Tensor) -> nn.Module:
    """That outputs, and gradients of all weights, are those of each model alone."""
    module, outputs = _together(models, *given)
    outputs.backward(_slope(outputs))
    gradients = dict(module.named_parameters())
    for place, model in enumerate(models):
        alone = model(*(each[place] for each in given))
        _assert_close(outputs[place], alone)
        alone.backward(_slope(outputs)[place])
        for name, parameter in model.named_parameters():
            of_all = gradients[name].grad
            assert of_all is not None
            _assert_close(of_all[place], parameter.grad)
    return module


@pytest.mark.parametrize(
    ("network", "channels"), [*((name, 1) for name in NETWORKS), ("conv", 3), ("burgess", 3)]
)
def test_every_network_computes_what_each_model_does_alone(
    network: str, channels: int, built: Callable[..., Autoencoder], drawn: Callable[..., Tensor]
) -> None:
    models = [_Whole(built(network, channels=channels, seed=seed)) for seed in (0, 1)]
    images, codes = drawn(2, 3, channels, 64, 64).sigmoid(), drawn(2, 3, 3)
    module = _assert_each_alone(models, images, codes)
    layers = [type(layer) for layer in module.modules()]
    assert not set(layers) & {nn.Linear, nn.Conv2d, nn.ConvTranspose2d, ImageConv}


@pytest.mark.parametrize("network", NETWORKS)
def test_weights_keep_their_names_and_have_the_models_in_front(
    network: str, built: Callable[..., Autoencoder]
) -> None:
    models = [built(network, seed=seed) for seed in (0, 1, 2)]
    state = stacked(models, device="cpu").state_dict()
    each = [model.state_dict() for model in models]
    assert list(state) == list(each[0])
    assert all(torch.equal(state[name], torch.stack([s[name] for s in each])) for name in state)


def test_models_are_left_as_they_were(built: Callable[..., Autoencoder]) -> None:
    model = built()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    module = stacked([model], device="cpu")
    for parameter in module.parameters():
        parameter.data.zero_()
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())
    assert not any(isinstance(layer, StackedLayer) for layer in model.modules())


UNKNOWN = {
    "padding of three": nn.Conv2d(1, 2, 7, padding=3),
    "no padding": nn.Conv2d(1, 2, 4, stride=2),
    "padding by name": nn.Conv2d(1, 2, 1, padding="same"),
    "no square": nn.Conv2d(1, 2, (4, 2), stride=2, padding=(1, 0)),
    "groups": nn.Conv2d(2, 2, 4, stride=2, padding=1, groups=2),
    "dilation": nn.Conv2d(1, 2, 2, stride=2, dilation=2),
    "no bias": nn.Conv2d(1, 2, 4, stride=2, padding=1, bias=False),
    "more at the edge": nn.ConvTranspose2d(1, 2, 2, stride=2, output_padding=1),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_layers_that_the_sums_do_not_know_are_left_to_torch(
    name: str, drawn: Callable[..., Tensor]
) -> None:
    layer = UNKNOWN[name]
    models = [_redrawn(nn.Sequential(layer), seed) for seed in (0, 1)]
    module = _assert_each_alone(models, drawn(2, 3, layer.in_channels, 8, 8))
    assert [type(child) for child in module.children()] == [type(layer)]


def _redrawn(layers: nn.Sequential, seed: int) -> nn.Sequential:
    """Layers like these with weights from a seed."""
    copy, rng = deepcopy(layers), np.random.default_rng(seed)
    for parameter in copy.parameters():
        weights = rng.standard_normal(parameter.shape, np.float32)
        parameter.data.copy_(torch.from_numpy(weights))
    return copy


@pytest.mark.parametrize(
    ("layer", "geometry", "upward"),
    [
        (nn.Linear(3, 2), DENSE, False),
        (ImageConv(1, 2), HALVING, False),
        (ImageConvTranspose(2, 1), HALVING, True),
        (nn.Conv2d(1, 2, 4, stride=2, padding=1), HALVING, False),
        (nn.ConvTranspose2d(1, 2, 4, stride=2, padding=1), HALVING, True),
        (nn.Conv2d(1, 2, 1), DENSE, False),
    ],
)
def test_layers_that_the_sums_know_are_theirs(
    layer: nn.Module,
    geometry: object,
    upward: bool,  # noqa: FBT001
) -> None:
    module = stacked([layer], device="cpu")
    assert isinstance(module, StackedLayer)
    assert (module.kind.geometry, module.kind.upward) == (geometry, upward)
    assert (module.kind.relu, module.kind.gated) == (False, False)


def _mixed(seed: int) -> nn.Sequential:
    """A ReLU at either end, one between known layers, and one beside a layer of torch's."""
    layers = nn.Sequential(
        nn.ReLU(),
        nn.Linear(5, 6),
        nn.ReLU(),
        nn.Linear(6, 5),
        nn.ReLU(),
        nn.LayerNorm(5),
        nn.ReLU(),
        nn.Linear(5, 4),
        nn.LeakyReLU(0.2),
        nn.Linear(4, 4),
        nn.ReLU(),
    )
    return _redrawn(layers, seed)


def test_a_relu_is_taken_in_between_two_known_layers_only(drawn: Callable[..., Tensor]) -> None:
    module = _assert_each_alone([_mixed(0), _mixed(1)], drawn(2, 7, 5))
    named = dict(module.named_children())
    assert list(named) == ["0", "1", "3", "4", "5", "6", "7", "8", "9", "10"]
    kinds = {name: (one.kind.gated, one.kind.relu) for name, one in named.items() if name in "1379"}
    assert kinds == {
        "1": (False, True),
        "3": (True, False),
        "7": (False, False),
        "9": (False, False),
    }


def test_a_dense_layer_without_a_bias_is_left_to_torch(drawn: Callable[..., Tensor]) -> None:
    """And so are the ReLUs beside it."""
    layers = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3, bias=False), nn.ReLU())
    module = _assert_each_alone([_redrawn(layers, seed) for seed in (0, 1)], drawn(2, 7, 5))
    assert [type(layer) for layer in module.children()] == [
        *(StackedLayer, nn.ReLU, nn.Linear, nn.ReLU)
    ]


def test_layers_in_a_row_of_rows_are_found(drawn: Callable[..., Tensor]) -> None:
    models = [nn.Sequential(_mixed(seed)[1:4], nn.ReLU(), _mixed(seed)) for seed in (0, 1)]
    _assert_each_alone(models, drawn(2, 7, 5))
