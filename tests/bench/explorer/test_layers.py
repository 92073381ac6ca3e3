"""A decoder is described layer by layer, and refused where a page would get it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from disbench.errors import ExplorerError
from disbench.explorer.layers import MAX_BYTES, describe
from disbench.models import fc
from disbench.models.autoencoder import build
from disbench.models.layers import ImageConvTranspose
from disbench.models.networks import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run


class LoudReLU(nn.ReLU):
    """Not what its parent does."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _conv_transpose(inputs: int, outputs: int) -> dict[str, object]:
    return {"kind": "conv_transpose", "inputs": inputs, "outputs": outputs}


def test_conv_is_described_layer_by_layer(rng: np.random.Generator) -> None:
    relu = {"kind": "relu"}
    decoder = build(NETWORKS["conv"], latents=10, rng=rng).decoder
    assert describe(decoder).layers == (
        {"kind": "linear", "inputs": 10, "outputs": 256},
        relu,
        {"kind": "linear", "inputs": 256, "outputs": 1024},
        relu,
        {"kind": "unflatten", "shape": [64, 4, 4]},
        _conv_transpose(64, 64),
        relu,
        _conv_transpose(64, 32),
        relu,
        _conv_transpose(32, 32),
        relu,
        _conv_transpose(32, 1),
    )


def test_burgess_is_described(rng: np.random.Generator) -> None:
    decoder = build(NETWORKS["burgess"], latents=3, rng=rng).decoder
    layers = describe(decoder).layers
    assert len(layers) == len(decoder) == 14
    assert layers[6] == {"kind": "unflatten", "shape": [32, 4, 4]}
    assert layers[-1] == _conv_transpose(32, 1)


def test_a_narrow_fc_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fc, "WIDTH", 20)
    tanh, linear = {"kind": "tanh"}, {"kind": "linear", "inputs": 20, "outputs": 20}
    assert describe(fc.decoder(latents=3, channels=1)).layers == (
        {"kind": "linear", "inputs": 3, "outputs": 20},
        tanh,
        linear,
        tanh,
        linear,
        tanh,
        {"kind": "linear", "inputs": 20, "outputs": 4096},
        {"kind": "unflatten", "shape": [1, 64, 64]},
    )


@pytest.mark.parametrize("network", ["conv", "burgess"])
def test_weights_are_halves_in_the_order_of_their_indices(
    network: str, make_run: Callable[..., Run], make_model: Callable[[Run], Autoencoder]
) -> None:
    decoder = make_model(make_run(network=network)).decoder
    # Some lie in another order in memory, which is none of the page's business.
    assert not all(parameter.is_contiguous() for parameter in decoder.parameters())
    expected = torch.cat([parameter.detach().reshape(-1) for parameter in decoder.parameters()])
    halves = np.frombuffer(describe(decoder).weights, "<f2")
    np.testing.assert_array_equal(halves, expected.half().numpy())
    assert len(halves) == sum(parameter.numel() for parameter in decoder.parameters())


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (nn.Sigmoid(), r"Sigmoid\(\)"),
        (LoudReLU(), r"LoudReLU\(\)"),
        (nn.Linear(2, 3, bias=False), r"Linear\(in_features=2, .* bias=False\)"),
        (nn.Unflatten(1, (2, 3)), r"Unflatten\(dim=1"),
        (nn.Unflatten(2, (2, 3, 4)), r"Unflatten\(dim=2"),
        (nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1, bias=False), "ConvTranspose2d.*False"),
        (nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1, groups=2), "ConvTranspose2d.*groups=2"),
        (nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1, dilation=2), "ConvTranspose2d.*dilation"),
        (nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1, output_padding=1), "output_padding"),
        (nn.ConvTranspose2d(2, 2, 4, stride=2), "ConvTranspose2d"),
        (nn.ConvTranspose2d(2, 2, 4, stride=1, padding=1), "ConvTranspose2d"),
        (nn.ConvTranspose2d(2, 2, 2, stride=2, padding=1), r"kernel_size=\(2, 2\)"),
    ],
)
def test_another_layer_is_refused_by_name(layer: nn.Module, named: str) -> None:
    with pytest.raises(ExplorerError, match=f"a page cannot run the layer .*{named}"):
        describe(nn.Sequential(nn.Linear(3, 4), layer))


def test_a_decoder_that_is_no_sequence_is_refused() -> None:
    with pytest.raises(ExplorerError, match=r"cannot run the layer ImageConvTranspose\(\)"):
        describe(ImageConvTranspose(2, 1))


@pytest.mark.parametrize(("weight", "size"), [(65536.0, "65536"), (-1e6, "1e"), (np.nan, "nan")])
def test_a_weight_that_half_precision_does_not_hold_is_refused(weight: float, size: str) -> None:
    decoder = nn.Sequential(nn.Linear(2, 2))
    nn.init.constant_(decoder[0].weight, weight)
    with pytest.raises(ExplorerError, match=rf"weight of size {size}.*ends at 65504"):
        describe(decoder)


def test_the_greatest_half_is_kept() -> None:
    decoder = nn.Sequential(nn.Linear(1, 1))
    nn.init.constant_(decoder[0].weight, -65504.0)
    nn.init.zeros_(decoder[0].bias)
    assert np.frombuffer(describe(decoder).weights, "<f2").tolist() == [-65504, 0]


def test_a_decoder_has_a_limit() -> None:
    assert len(describe(nn.Sequential(nn.Linear(1249, 1000))).weights) == MAX_BYTES
    with pytest.raises(ExplorerError, match=r"2\.5 MB of weights"):
        describe(nn.Sequential(nn.Linear(1250, 1000)))


def test_fc_passes_the_limit() -> None:
    with pytest.raises(ExplorerError, match=r"15\.6 MB of weights .* at most 2\.5 MB"):
        describe(fc.decoder(latents=10, channels=1))
