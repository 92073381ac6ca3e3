"""What a step draws is that of the run alone, whoever trains it and whoever trains beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from disbench.companions import COMPANIONS
from disbench.draws import Draws, together
from disbench.dsprites import PackedImages, batch_rows
from disbench.seeds import generator, stream_key
from disbench.trainer import Trainer, as_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.runs import Run

DEFINITIONS: dict[str, dict[str, Any]] = {
    "beta_vae": {"beta": 4.0},
    "factor_vae": {"gamma": 10.0},
    "info_vae": {"lambda_mmd": 10.0},
    "ada_gvae": {"beta": 1.0},
}
"""What asks for nothing, for orders and companions, for a sample of the prior, for pairs."""


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Any:
    """A discriminator of less than a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("disbench.models.discriminator.WIDTH", 50)
        yield


def _run(make_run: Callable[..., Run], name: str, **changes: Any) -> Run:
    return make_run(objective=name, hyperparameters=DEFINITIONS[name], **changes)


def test_numbers_are_of_the_streams_of_the_run(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    run = _run(make_run, "factor_vae")
    drawn = Draws.of(run, whole).at(5)

    def stream(purpose: str) -> np.random.Generator:
        return generator(stream_key(run.identity, purpose), step=5)

    key = stream_key(run.identity, "batches")
    rows = batch_rows(key, 5, n_images=len(whole), batch_size=8)
    assert np.array_equal(drawn.rows, rows)
    assert np.array_equal(drawn.noise, stream("noise").standard_normal((8, 3), np.float32))
    own = run.with_hyperparameters().draw(n=8, latents=3, rng=stream("objective"))
    assert own is not None
    assert drawn.own is not None
    assert np.array_equal(drawn.own, own)
    companions = COMPANIONS["independent"](whole, rows, run.identity, 5)
    assert drawn.companions is not None
    assert np.array_equal(drawn.companions, companions)
    noise = stream("companion noise").standard_normal((8, 3), np.float32)
    assert drawn.companion_noise is not None
    assert np.array_equal(drawn.companion_noise, noise)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_they_are_the_batch_of_a_trainer(
    name: str, make_run: Callable[..., Run], whole: PackedImages
) -> None:
    run = _run(make_run, name)
    drawn, batch = Draws.of(run, whole).at(2), Trainer.start(run, whole, device="cpu").batch(2)
    assert torch.equal(batch.images, as_tensor(whole, drawn.rows, device="cpu"))
    pairs = [(drawn.noise, batch.noise), (drawn.own, batch.drawn)]
    pairs += [(drawn.companion_noise, batch.companion_noise)]
    for ours, theirs in pairs:
        assert (ours is None) == (theirs is None)
        assert ours is None or np.array_equal(ours, theirs)
    assert (drawn.companions is None) == (batch.companions is None)
    if drawn.companions is not None:
        assert torch.equal(batch.companions, as_tensor(whole, drawn.companions, device="cpu"))


def test_only_what_an_objective_asks_for_is_drawn(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    there = {
        name: {key for key, value in drawn._asdict().items() if value is not None}
        for name in DEFINITIONS
        for drawn in [Draws.of(_run(make_run, name), whole).at(0)]
    }
    always = {"rows", "noise"}
    assert there == {
        "beta_vae": always,
        "factor_vae": always | {"own", "companions", "companion_noise"},
        "info_vae": always | {"own"},
        "ada_gvae": always | {"companions", "companion_noise"},
    }


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_run_draws_the_same_in_any_company(
    name: str, make_run: Callable[..., Run], whole: PackedImages
) -> None:
    draws = [Draws.of(_run(make_run, name, seed=seed), whole) for seed in (0, 1, 2)]
    both = together(draws[:2], 3), together(draws[::-1], 3)
    for places, drawn in zip(((0, 1), (2, 1)), both, strict=True):
        for place, each in zip(places, draws, strict=False):
            for ours, alone in zip(drawn, each.at(3), strict=True):
                assert (ours is None) == (alone is None)
                assert ours is None or np.array_equal(ours[place], alone)
