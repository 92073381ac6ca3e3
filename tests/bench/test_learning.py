"""Every objective learns: its loss falls, and its codes come to carry the factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsRegressor

from disbench import dsprites
from disbench.dsprites import PackedImages
from disbench.models.objectives import OBJECTIVES
from disbench.trainer import Trainer, as_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from disbench.runs import Run

    MakeRun = Callable[..., Run]

SETTINGS: Mapping[str, Mapping[str, float]] = {
    "ae": {},
    "vae": {},
    "beta_vae": {"beta": 4.0},
    # A large gamma or a short ramp is obeyed with codes that say nothing: 400 steps are few.
    "cci_vae": {"capacity": 20.0, "gamma": 5.0, "ramp": 400.0},
    "factor_vae": {"gamma": 10.0},
    "beta_tc_vae": {"beta": 4.0},
    "beta_tc_vae_mss": {"beta": 4.0},
    "dip_vae_i": {"lambda_od": 5.0},
    "dip_vae_ii": {"lambda_od": 5.0},
    "info_vae": {"lambda_mmd": 1000.0},
    "ada_gvae": {"beta": 1.0},
}
"""A sensible setting of each objective; its defaults for the rest."""

SIZES = (6, 32, 32)
N_STEPS = 400
N_SHORT = 30


@dataclass(frozen=True, eq=False)
class Squares(PackedImages):
    """Upright squares of all scales at all places."""

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """Of scale and position."""
        return SIZES


def _labels() -> NDArray[np.int64]:
    """Scale, posX and posY of all squares: (6144, 3)."""
    return np.stack(np.unravel_index(np.arange(np.prod(SIZES)), SIZES), axis=1)


@pytest.fixture(scope="module")
def squares() -> Squares:
    labels = _labels()
    factors = np.zeros((len(labels), 5), np.int64)
    factors[:, [1, 3, 4]] = labels
    images = dsprites.images(factors)
    return Squares(np.packbits(images.reshape(len(images), -1), axis=1), "", "squares")


def _trainer(make_run: MakeRun, images: Squares, name: str, **changes: int) -> Trainer:
    run = make_run(objective=name, hyperparameters=SETTINGS[name], **changes)
    return Trainer.start(run, images, device="cpu")


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_loss_falls(
    name: str, make_run: MakeRun, squares: Squares, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("disbench.models.discriminator.WIDTH", 50)
    trainer = _trainer(make_run, squares, name)
    losses = torch.stack([trainer.losses_of(step) for step in range(N_SHORT)])
    assert losses[:, :2].isfinite().all()
    assert losses[:, 2].isfinite().all() == trainer.draws.objective.variational
    first, last = losses[:5, :2].mean(dim=0), losses[-5:, :2].mean(dim=0)
    assert (last < 0.6 * first).all()  # total and reconstruction


@pytest.mark.learning
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", OBJECTIVES)
def test_codes_come_to_carry_the_factors(
    name: str, seed: int, make_run: MakeRun, squares: Squares
) -> None:
    """A sampled code tells scale and position to its nearest neighbours.

    Measured on three seeds of each: at least 0.90 of the variance of the scale, 0.99 of that of a
    position, and at most 203 nats; before the first step, nothing of any and more than 2,800.
    """
    trainer = _trainer(make_run, squares, name, seed=seed, latents=6, batch_size=32)
    if trainer.draws.objective.variational:  # the means of any network tell a place
        assert _explained(trainer).max() < 0.05
    losses = torch.stack([trainer.losses_of(step) for step in range(N_STEPS)])
    scale, *places = _explained(trainer)
    assert scale > 0.85
    assert min(places) > 0.98
    assert losses[-50:, 1].mean() < 300  # the frequency of each pixel alone costs 667


@pytest.mark.learning
def test_bfloat16_learns_as_fast_as_float32(make_run: MakeRun, squares: Squares) -> None:
    """The mean losses of two precisions differ by less than those of single seeds do."""
    one, other = (
        np.stack([_curve(make_run, squares, precision, seed) for seed in range(3)])
        for precision in ("fp32", "bf16")
    )
    difference = np.abs(one.mean(axis=0) - other.mean(axis=0))
    assert (difference < np.maximum(np.ptp(one, axis=0), np.ptp(other, axis=0))).all()
    assert (other[:, -1] < 0.3 * other[:, 0]).all()


def _curve(make_run: MakeRun, images: Squares, precision: str, seed: int) -> NDArray[np.float64]:
    """The mean loss of every 100 steps: (4,), in nats per image."""
    run = make_run(
        objective="beta_vae",
        hyperparameters=SETTINGS["beta_vae"],
        precision=precision,
        seed=seed,
        latents=6,
        batch_size=32,
    )
    trainer = Trainer.start(run, images, device="cpu")
    losses = torch.stack([trainer.losses_of(step) for step in range(N_STEPS)])
    return losses[:, 0].double().numpy().reshape(4, -1).mean(axis=1)


@torch.inference_mode()
def _explained(trainer: Trainer) -> NDArray[np.float64]:
    """R^2 of the neighbours' mean in the codes of each factor, on a half that they are not of."""
    order = np.random.default_rng(0).permutation(len(trainer.images))[:3072]
    codes = np.concatenate(list(_codes(trainer, order)))
    labels = _labels()[order]
    half = len(order) // 2
    neighbours = KNeighborsRegressor(10).fit(codes[:half], labels[:half])
    errors = np.square(neighbours.predict(codes[half:]) - labels[half:]).mean(axis=0)
    explained: NDArray[np.float64] = 1 - errors / labels[half:].var(axis=0)
    return explained


def _codes(trainer: Trainer, rows: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
    """Samples of the posterior, or its means where there is no other posterior."""
    rng = np.random.default_rng(1)
    for some in np.array_split(rows, 48):
        posterior = trainer.model.encode(as_tensor(trainer.images, some, device="cpu"))
        noise = rng.standard_normal(tuple(posterior.mean.shape), dtype=np.float32)
        sampled = posterior.sample(torch.from_numpy(noise))
        yield (sampled if trainer.draws.objective.variational else posterior.mean).numpy()
