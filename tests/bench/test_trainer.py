"""Each step of a run has its batch, its noise and its update."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from disbench.datasets.stored import StoredImages
from disbench.dsprites import PackedImages, batch_rows
from disbench.dsprites.correlated import CorrelatedImages
from disbench.models.autoencoder import build
from disbench.models.networks import NETWORKS
from disbench.seeds import generator, stream_key
from disbench.trainer import Trainer, as_tensor, initial_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run


@pytest.fixture
def coloured() -> StoredImages:
    """Four images of noise in colour, of two factors."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    return StoredImages(pixels, {"a": 2, "b": 2}, "0" * 64, "noise")


def _weights(model: Autoencoder) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def _equal(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def _drawn_model(run: Run) -> Autoencoder:
    rng = generator(stream_key(run.identity, "weights"))
    return build(NETWORKS[run.network], latents=run.latents, rng=rng)


def test_colours_become_channels_of_zero_to_one(coloured: StoredImages) -> None:
    tensor = as_tensor(coloured, np.array([2, 0]), device="cpu")
    assert (tensor.shape, tensor.dtype) == ((2, 3, 64, 64), torch.float32)
    expected = coloured.pixels[[2, 0]].transpose(0, 3, 1, 2) / np.float32(255)
    assert np.array_equal(tensor.numpy(), expected)


def test_model_has_the_channels_of_its_images(
    coloured: StoredImages, make_run: Callable[..., Run]
) -> None:
    trainer = Trainer.start(make_run(), coloured, device="cpu")
    assert trainer.batch(0).images.shape == (8, 3, 64, 64)
    assert trainer.model.decode(torch.zeros(1, 3)).shape == (1, 3, 64, 64)
    assert torch.isfinite(trainer.step(0).total)


def test_batch_is_drawn_as_the_images_say(
    whole: PackedImages, make_run: Callable[..., Run]
) -> None:
    correlated = CorrelatedImages(whole)
    trainer = Trainer.start(make_run(), correlated, device="cpu")
    rows = correlated.draw(stream_key(trainer.run.identity, "batches"), 3, batch_size=8)
    assert torch.equal(trainer.batch(3).images, as_tensor(whole, rows, device="cpu"))


def test_batch_and_noise_of_a_step_do_not_depend_on_the_steps_before(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    run = make_run(objective="info_vae", hyperparameters={"lambda_mmd": 10.0})
    fresh, used = (Trainer.start(run, whole, device="cpu") for _ in range(2))
    for step in (0, 1, 7):
        used.step(step)
    ours, theirs = fresh.batch(3), used.batch(3)
    assert torch.equal(ours.images, theirs.images)
    assert torch.equal(ours.noise, theirs.noise)
    assert torch.equal(ours.drawn, theirs.drawn)
    assert ours.step == theirs.step == 3


def test_every_step_has_its_own_batch_and_noise(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    definition = {"objective": "info_vae", "hyperparameters": {"lambda_mmd": 10.0}}
    runs = [make_run(seed=seed, **definition) for seed in (0, 1)]
    trainers = [Trainer.start(run, whole, device="cpu") for run in runs]
    batches = [trainer.batch(step) for trainer in trainers for step in (0, 1)]
    for name in ("images", "noise", "drawn"):
        drawn = [getattr(batch, name) for batch in batches]
        pairs = [(a, b) for i, a in enumerate(drawn) for b in drawn[:i]]
        assert not any(torch.equal(a, b) for a, b in pairs)


def test_batches_are_the_images_of_their_rows(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    run = make_run()
    rows = batch_rows(
        stream_key(run.identity, "batches"), 2, n_images=737_280, batch_size=run.batch_size
    )
    batch = Trainer.start(run, whole, device="cpu").batch(2)
    assert batch.images.shape == (8, 1, 64, 64)
    assert batch.images.dtype == torch.float32
    assert np.array_equal(batch.images[:, 0].numpy(), whole.unpack(rows))
    assert set(batch.images.unique().tolist()) == {0.0, 1.0}
    assert batch.n_images == 737_280
    assert (batch.companions, batch.companion_noise, batch.adversary) == (None, None, None)


def test_noise_is_standard_normal(make_run: Callable[..., Run], whole: PackedImages) -> None:
    noise = Trainer.start(make_run(batch_size=4096), whole, device="cpu").batch(0).noise
    assert noise.shape == (4096, 3)
    assert noise.mean().item() == pytest.approx(0, abs=0.04)
    assert noise.std().item() == pytest.approx(1, abs=0.04)


def test_bf16_rounds_the_network(make_run: Callable[..., Run], whole: PackedImages) -> None:
    trainer = Trainer.start(make_run(precision="bf16"), whole, device="cpu")
    rounded = trainer.loss(0).total.item()
    exact = trainer.draws.objective.loss(trainer.model, trainer.batch(0))
    assert rounded != exact.total.item()
    assert rounded == pytest.approx(exact.total.item(), rel=0.01)


def test_initial_model_is_that_of_the_identity(make_run: Callable[..., Run]) -> None:
    run = make_run(latents=7)
    assert _equal(_weights(initial_model(run)), _weights(_drawn_model(run)))
    assert initial_model(run).latents == 7


def test_images_become_a_batch_of_zeros_and_ones() -> None:
    packed = np.zeros((3, 512), np.uint8)
    packed[1, 0] = 0b0100_0000  # the second pixel of the first line
    packed[2, 511] = 0b0000_0001  # the last pixel of the last
    tensor = as_tensor(PackedImages(packed, "", ""), np.array([2, 1, 1]), device="cpu")
    assert tensor.dtype == torch.float32
    assert tensor.nonzero().tolist() == [[0, 0, 63, 63], [1, 0, 0, 1], [2, 0, 0, 1]]
    assert tensor.max() == 1
