"""What makes codes of images does so again from what was kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from sklearn.decomposition import PCA

from disbench import encoders
from disbench.dsprites import GRIDS
from disbench.encoders import encoder_of
from disbench.encoding import encode
from disbench.models.baselines import BASELINES
from disbench.seeds import stream_key
from disbench.trainer import initial_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from disbench.dsprites import PackedImages
    from disbench.encoders import Encoder
    from disbench.encoding import Codes
    from disbench.runs import Run

TINY = GRIDS["tiny"]
FEW = 300
EVERY = np.arange(TINY.n)


@pytest.fixture(scope="module", autouse=True)
def few_images() -> Iterator[None]:
    """Fit to few images, which takes less time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoders, "N_FITTED", FEW)
        yield


@pytest.fixture(scope="module")
def baseline(make_run: Callable[..., Run]) -> Callable[..., Run]:
    """The run of a baseline."""

    def make(name: str, **changes: object) -> Run:
        return make_run(objective=name, hyperparameters={}, steps=0, **changes)

    return make


@pytest.fixture(scope="module")
def fitted(baseline: Callable[..., Run], whole: PackedImages) -> Callable[..., Encoder]:
    """The encoder of a baseline by name, freshly fitted."""

    def fit(name: str, **changes: object) -> Encoder:
        run = baseline(name, **changes)
        return encoder_of(run).fitted(run, whole, device="cpu")

    return fit


def _codes(encoder: Encoder, images: PackedImages) -> Codes:
    return encoder.encode(images, TINY, device="cpu")


def _mean(encoder: Encoder, images: PackedImages) -> NDArray[np.float32]:
    return _codes(encoder, images).mean[EVERY]


def test_factors_are_their_labels(fitted: Callable[..., Encoder], whole: PackedImages) -> None:
    codes = _codes(fitted("factors"), whole)
    assert codes.mean.dtype == np.float32
    assert np.array_equal(codes.mean, TINY.labels())
    assert codes.log_variance is None


def test_pixels_are_the_images(fitted: Callable[..., Encoder], whole: PackedImages) -> None:
    images = whole.unpack(TINY.rows()).reshape(TINY.n, -1)
    assert np.array_equal(_mean(fitted("pixels"), whole), images)


def test_pca_is_that_of_the_images_which_its_run_draws(
    fitted: Callable[..., Encoder], baseline: Callable[..., Run], whole: PackedImages
) -> None:
    key = stream_key(baseline("pca").identity, "fitted images")
    sample = whole.unpack(whole.draw(key, 0, batch_size=FEW)).reshape(FEW, -1).astype(float)
    expected = PCA(3, svd_solver="full").fit(sample)
    images = whole.unpack(TINY.rows()).reshape(TINY.n, -1).astype(float)
    found = _mean(fitted("pca"), whole)
    assert found == pytest.approx(expected.transform(images), abs=1e-4)
    assert found.std() > 1


def test_another_seed_fits_to_other_images(
    fitted: Callable[..., Encoder], whole: PackedImages
) -> None:
    one, other = (np.abs(_mean(fitted("pca", seed=seed), whole)) for seed in (0, 1))
    assert not np.allclose(one, other, atol=0.1)


def test_untrained_network_has_its_initial_weights_and_a_posterior(
    fitted: Callable[..., Encoder], baseline: Callable[..., Run], whole: PackedImages
) -> None:
    encoder, expected = fitted("untrained"), initial_model(baseline("untrained"))
    for name, weights in expected.state_dict().items():
        assert torch.equal(encoder.weights()[name], weights)
    codes = _codes(encoder, whole)
    known = encode(expected, whole, TINY, variational=True, device="cpu")
    assert np.array_equal(codes.mean, known.mean)
    assert codes.log_variance is not None
    assert known.log_variance is not None
    assert np.array_equal(codes.log_variance, known.log_variance)


@pytest.mark.parametrize("name", BASELINES)
def test_only_a_network_decodes(name: str, fitted: Callable[..., Encoder]) -> None:
    assert (fitted(name).model is not None) == (name == "untrained")


@pytest.mark.parametrize("name", BASELINES)
def test_encoder_is_restored_to_the_bit_from_its_file(
    name: str,
    fitted: Callable[..., Encoder],
    baseline: Callable[..., Run],
    whole: PackedImages,
) -> None:
    encoder, run = fitted(name), baseline(name)
    weights = load(save(encoder.weights()))
    restored = encoder_of(run).restored(run, weights, channels=1, device="cpu")
    assert np.array_equal(_mean(restored, whole), _mean(encoder, whole))
    assert save(restored.weights()) == save(encoder.weights())


@pytest.mark.parametrize("name", ["pca", "ica", "random_projection"])
def test_linear_map_is_kept_with_what_became_of_its_fit(
    name: str, fitted: Callable[..., Encoder]
) -> None:
    weights = fitted(name).weights()
    assert {name: tuple(tensor.shape) for name, tensor in weights.items()} == {
        "matrix": (4096, 3),
        "offset": (3,),
        "converged": (),
    }
