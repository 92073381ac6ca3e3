"""Each network is the one of its paper: its layers, its size, its function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from disbench.models.autoencoder import Autoencoder
from disbench.models.networks import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable


SIZES = [(1, 1), (10, 1), (32, 3)]  # latents, channels


def _down(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.ReLU()]


def _up(before: int, after: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ReLU()]


def _dense(before: int, after: int, bend: type[nn.Module] = nn.ReLU) -> list[nn.Module]:
    return [nn.Linear(before, after), bend()]


# The papers' tables in PyTorch's own layers. 'Same' padding of a 4 x 4 kernel of stride 2 is one
# pixel on each side, and that of a 2 x 2 kernel is none.
ENCODERS: dict[str, Callable[[], list[nn.Module]]] = {
    "conv": lambda: [
        *_down(1, 32),
        *_down(32, 32),
        nn.Conv2d(32, 64, 2, stride=2),
        nn.ReLU(),
        nn.Conv2d(64, 64, 2, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        *_dense(1024, 256),
    ],
    "burgess": lambda: [
        *_down(1, 32),
        *_down(32, 32),
        *_down(32, 32),
        *_down(32, 32),
        nn.Flatten(),
        *_dense(512, 256),
        *_dense(256, 256),
    ],
    "fc": lambda: [nn.Flatten(), *_dense(4096, 1200), *_dense(1200, 1200)],
}
DECODERS: dict[str, Callable[[], list[nn.Module]]] = {
    "conv": lambda: [
        *_dense(3, 256),
        *_dense(256, 1024),
        nn.Unflatten(1, (64, 4, 4)),
        *_up(64, 64),
        *_up(64, 32),
        *_up(32, 32),
        _up(32, 1)[0],
    ],
    "burgess": lambda: [
        *_dense(3, 256),
        *_dense(256, 256),
        *_dense(256, 512),
        nn.Unflatten(1, (32, 4, 4)),
        *_up(32, 32),
        *_up(32, 32),
        *_up(32, 32),
        _up(32, 1)[0],
    ],
    "fc": lambda: [
        *_dense(3, 1200, nn.Tanh),
        *_dense(1200, 1200, nn.Tanh),
        *_dense(1200, 1200, nn.Tanh),
        nn.Linear(1200, 4096),
        nn.Unflatten(1, (1, 64, 64)),
    ],
}


def _unbuilt(network: str, latents: int, channels: int) -> Autoencoder:
    with torch.device("meta"):  # shapes without memory
        return Autoencoder(NETWORKS[network], latents=latents, channels=channels)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(("latents", "channels"), SIZES)
def test_images_become_codes_and_codes_images(network: str, latents: int, channels: int) -> None:
    model = _unbuilt(network, latents, channels).to_empty(device="cpu")
    mean, log_variance = model.encode(torch.zeros(2, channels, 64, 64))
    assert mean.shape == log_variance.shape == (2, latents)
    assert model.decode(mean).shape == (2, channels, 64, 64)
    assert model.latents == latents


@pytest.mark.parametrize(
    ("network", "counts"),
    [
        # For c channels and d latents, summed layer by layer:
        ("conv", [683_587, 690_517, 709_507]),  # 1,025 c + 770 d + 681,792
        ("burgess", [495_075, 502_005, 520_995]),  # 1,025 c + 770 d + 493,280
        ("fc", [14_164_098, 14_196_516, 33_944_752]),  # 9,834,496 c + 3,602 d + 4,326,000
    ],
)
def test_networks_have_their_number_of_parameters(network: str, counts: list[int]) -> None:
    models = [_unbuilt(network, latents, channels) for latents, channels in SIZES]
    assert [sum(p.numel() for p in model.parameters()) for model in models] == counts


@pytest.mark.parametrize("network", NETWORKS)
def test_networks_compute_what_their_papers_say(
    network: str, built: Callable[..., Autoencoder], images: Tensor, drawn: Callable[..., Tensor]
) -> None:
    """The same weights in PyTorch's own layers give the same features, codes and logits."""
    model = built(network)
    with torch.no_grad():  # zero biases would hide where they are added
        for parameter in model.parameters():
            parameter.add_(drawn(*parameter.shape), alpha=0.01)
    encoder, decoder = nn.Sequential(*ENCODERS[network]()), nn.Sequential(*DECODERS[network]())
    encoder.load_state_dict(model.encoder.state_dict())
    decoder.load_state_dict(model.decoder.state_dict())
    features = encoder(images)
    posterior = model.encode(images)
    torch.testing.assert_close(posterior.mean, model.mean(features))
    torch.testing.assert_close(posterior.log_variance, model.log_variance(features))
    codes = drawn(4, 3)
    torch.testing.assert_close(model.decode(codes), decoder(codes))


def test_every_network_names_its_paper() -> None:
    citations = {name: network.citation for name, network in NETWORKS.items()}
    assert citations == {
        "conv": "Locatello et al. 2019",
        "burgess": "Burgess et al. 2018",
        "fc": "Higgins et al. 2017",
    }
