"""Reconstruction, active dimensions and pictures are what a direct computation says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from disbench import evaluation
from disbench.dsprites import FactorGrid, PackedImages
from disbench.dsprites.drawn import ColourImages
from disbench.encoding import Codes, encode
from disbench.evaluation import evaluate, picture
from disbench.seeds import generator, stream_key
from disbench.trainer import initial_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run

MINI = FactorGrid("mini", stride=(1, 2, 20, 16, 16))  # 72 images


class Stub:
    """A decoder whose every logit is 10 times the first dimension of the code."""

    latents = 2

    def decode(self, codes: Tensor) -> Tensor:
        """An even image for each code."""
        return (10 * codes[:, 0])[:, None, None, None].expand(-1, 1, 64, 64)


@pytest.fixture
def model(make_run: Callable[..., Run]) -> Autoencoder:
    return initial_model(make_run())


@pytest.fixture
def codes(model: Autoencoder, whole: PackedImages) -> Codes:
    return encode(model, whole, MINI, variational=True, device="cpu")


def _errors(model: Autoencoder, codes: np.ndarray, whole: PackedImages) -> np.ndarray:
    """Reconstruction error of each image of the grid in nats, from these codes."""
    pixels = torch.from_numpy(whole.unpack(MINI.rows())).double()
    with torch.no_grad():
        logits = model.decode(torch.from_numpy(codes))[:, 0].double()
    errors = F.binary_cross_entropy_with_logits(logits, pixels, reduction="none")
    return errors.sum((1, 2)).numpy()


def test_pictures_in_colour(make_run: Callable[..., Run], whole: PackedImages) -> None:
    images = ColourImages(whole)
    model = initial_model(make_run(), channels=3)
    codes = encode(model, images, MINI, variational=True, device="cpu")
    shown = picture(model, images, codes, identity="a" * 64, device="cpu")
    n = evaluation.N_PICTURES
    assert shown.originals.shape == shown.samples.shape == (n, 64, 64, 3)
    assert shown.traversals.shape == (3, 9, 64, 64, 3)
    grey = picture(initial_model(make_run()), whole, codes, identity="a" * 64, device="cpu")
    lit = grey.originals == 255
    assert (shown.originals[lit] >= 128).all()
    assert (shown.originals[~lit] == 0).all()
    normal = generator(stream_key("prior", "pictures")).standard_normal((n, 3), dtype=np.float32)
    with torch.inference_mode():
        logits = model.decode(torch.from_numpy(normal)).double()
    expected = (255 / (1 + torch.exp(-logits))).permute(0, 2, 3, 1).numpy()
    assert np.abs(shown.samples - expected).max() < 0.51


def test_autoencoder_is_judged_by_its_codes(
    model: Autoencoder, codes: Codes, whole: PackedImages
) -> None:
    found = evaluate(model, whole, replace(codes, log_variance=None), identity="run", device="cpu")
    expected = _errors(model, codes.mean, whole).mean()
    assert found.reconstruction == pytest.approx(expected, rel=1e-6)
    assert found.n_reconstructed == 72
    assert (found.kl, found.kl_by_dimension, found.elbo) == (None, None, None)


def test_vae_is_judged_by_one_sample_an_image(
    model: Autoencoder, codes: Codes, whole: PackedImages
) -> None:
    """The samples are those of standard normal noise: mean and spread of the error agree."""
    found = evaluate(model, whole, codes, identity="run", device="cpu")
    assert codes.log_variance is not None
    rng = np.random.default_rng(0)
    draws = [
        _errors(
            model,
            codes.mean
            + np.exp(codes.log_variance / 2) * rng.standard_normal(codes.mean.shape, np.float32),
            whole,
        ).mean()
        for _ in range(12)
    ]
    assert abs(found.reconstruction - np.mean(draws)) < 5 * np.std(draws)
    assert found.reconstruction != pytest.approx(_errors(model, codes.mean, whole).mean(), 1e-6)


def test_sharp_posterior_is_its_mean(model: Autoencoder, codes: Codes, whole: PackedImages) -> None:
    sharp = replace(codes, log_variance=np.full_like(codes.mean, -80))
    found = evaluate(model, whole, sharp, identity="run", device="cpu")
    assert found.reconstruction == pytest.approx(_errors(model, codes.mean, whole).mean(), rel=1e-6)


def test_elbo_and_kl_are_those_of_the_codes(
    model: Autoencoder, codes: Codes, whole: PackedImages
) -> None:
    found = evaluate(model, whole, codes, identity="run", device="cpu")
    kl = codes.kl()
    assert kl is not None
    assert found.kl_by_dimension == tuple(kl.tolist())
    assert found.kl == pytest.approx(kl.sum())
    assert found.elbo == pytest.approx(-(found.reconstruction + kl.sum()))


def test_draws_belong_to_the_run(model: Autoencoder, codes: Codes, whole: PackedImages) -> None:
    first, again, other = (
        evaluate(model, whole, codes, identity=identity, device="cpu").reconstruction
        for identity in ("one", "one", "two")
    )
    assert first == again != other


def test_large_grid_is_judged_by_some_of_its_images(
    model: Autoencoder, codes: Codes, whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "N_RECONSTRUCTED", 70)
    without = replace(codes, log_variance=None)
    found = evaluate(model, whole, without, identity="run", device="cpu")
    errors = _errors(model, codes.mean, whole)
    # 70 distinct images of 72 leave out two: the sum of all less that of some pair.
    left_out = errors.sum() - 70 * found.reconstruction
    pairs = errors[:, None] + errors
    assert found.n_reconstructed == 70
    assert np.abs(pairs - left_out).min() < 1e-2
    assert left_out > errors.min()


def test_dimension_is_active_if_its_mean_varies(whole: PackedImages, model: Autoencoder) -> None:
    """At plus and minus a, the variance is a^2: here 0.0101, 0.0099, 0 (far from 0), and 1."""
    signs = np.tile([1, -1], 36)[:, None]
    mean = signs * np.array([np.sqrt(0.0101), np.sqrt(0.0099), 0]) + [0, 0, 50]
    codes = Codes(MINI, mean.astype(np.float32), np.zeros((72, 3), np.float32))
    assert evaluate(model, whole, codes, identity="x", device="cpu").active_dimensions == 1


def test_traversal_moves_one_dimension_a_row() -> None:
    rng = np.random.default_rng(3)
    mean = rng.normal(size=(72, 4)).astype(np.float32)
    rows = evaluation._traversal(Codes(MINI, mean, None), 5).reshape(4, 9, 4)
    for moved in range(4):
        others = [d for d in range(4) if d != moved]
        assert np.array_equal(rows[moved][:, others], np.tile(mean[5, others], (9, 1)))
        low, high = np.quantile(mean[:, moved], [0.01, 0.99])
        np.testing.assert_allclose(rows[moved][:, moved], np.linspace(low, high, 9), rtol=1e-5)
    assert rows.dtype == np.float32


def test_pictures_are_grey_levels(model: Autoencoder, codes: Codes, whole: PackedImages) -> None:
    pictures = picture(model, whole, codes, identity="run", device="cpu")
    assert pictures.originals.shape == pictures.reconstructions.shape == (12, 64, 64)
    assert pictures.traversals.shape == (3, 9, 64, 64)
    assert pictures.samples.shape == (12, 64, 64)
    assert {array.dtype for array in pictures} == {np.dtype(np.uint8)}


def test_originals_are_images_of_the_grid(
    model: Autoencoder, codes: Codes, whole: PackedImages
) -> None:
    originals = picture(model, whole, codes, identity="run", device="cpu").originals
    grid = {image.tobytes() for image in whole.unpack(MINI.rows()) * np.uint8(255)}
    assert {image.tobytes() for image in originals} <= grid
    assert len({image.tobytes() for image in originals}) > 6


def test_decoder_s_probability_is_the_grey_level(whole: PackedImages) -> None:
    mean = np.tile([0.0, 3.0], (72, 1)).astype(np.float32)
    mean[::2, 0] = 9
    codes = Codes(MINI, mean, None)
    pictures = picture(Stub(), whole, codes, identity="run", device="cpu")  # type: ignore[arg-type]
    rendered = whole.unpack(MINI.rows()) * np.uint8(255)
    for original, grey in zip(pictures.originals, pictures.reconstructions, strict=True):
        places = np.flatnonzero((rendered == original).all((1, 2)))
        # sigmoid(0) is 127.5, which rounds to the even 128; sigmoid(90) is 255
        assert set(np.unique(grey)) <= {128 if place % 2 else 255 for place in places}
    assert {128, 255} == set(np.unique(pictures.reconstructions))


def test_samples_decode_the_same_normal_codes_for_all_runs(
    codes: Codes, model: Autoencoder, whole: PackedImages
) -> None:
    one, two = (picture(model, whole, codes, identity=i, device="cpu") for i in ("1", "2"))
    assert np.array_equal(one.samples, two.samples)
    assert np.array_equal(one.originals, two.originals)
    assert np.array_equal(one.traversals, two.traversals)
    assert not np.array_equal(one.reconstructions, two.reconstructions)
    assert len(np.unique(one.samples, axis=0)) > 1
