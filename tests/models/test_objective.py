"""What all objectives have in common: their terms, and what they promise of every loss."""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from math import exp, log, log1p
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import torch

from disbench.models.objective import Loss, Objective, coded, plus, reconstruction_error
from disbench.models.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objective import Batch

    MakeModel = Callable[..., Autoencoder]
    LossOf = Callable[..., Loss]


def _objective(name: str) -> Objective:
    """An objective whose main hyper-parameter is 4."""
    make: Any = OBJECTIVES[name]
    objective: Objective = make(*[4.0] * bool(fields(make)))
    return objective


GIVEN = None
"""In place of a default that there is not."""


def test_hyperparameters_and_their_defaults_are_those_of_the_results_there_are() -> None:
    """What is at its default is left out of a folder's name and of what a reader sees.

    With another default, old results would be found under no name, or be read as those of another
    setting; so would they if the order were another.
    """
    defaults = {
        name: [(f.name, GIVEN if f.default is MISSING else f.default) for f in fields(objective)]
        for name, objective in OBJECTIVES.items()
    }
    assert defaults == {
        "ae": [],
        "vae": [],
        "beta_vae": [("beta", GIVEN)],
        "cci_vae": [("capacity", GIVEN), ("gamma", 1000.0), ("ramp", 100_000.0)],
        "factor_vae": [("gamma", GIVEN)],
        "beta_tc_vae": [("beta", GIVEN), ("alpha", 1.0), ("gamma", 1.0)],
        "beta_tc_vae_mss": [("beta", GIVEN), ("alpha", 1.0), ("gamma", 1.0)],
        "dip_vae_i": [("lambda_od", GIVEN), ("lambda_d_factor", 10.0)],
        "dip_vae_ii": [("lambda_od", GIVEN), ("lambda_d_factor", 1.0)],
        "info_vae": [("lambda_mmd", GIVEN), ("alpha", 1.0)],
        "ada_gvae": [("beta", GIVEN)],
    }


def test_reconstruction_error_sums_over_pixels() -> None:
    errors = reconstruction_error(torch.zeros(3, 1, 64, 64), torch.ones(3, 1, 64, 64))
    assert errors.tolist() == pytest.approx([4096 * log(2)] * 3)


def test_reconstruction_error_by_hand() -> None:
    logits = torch.tensor([[[[2.0, -1.0], [0.0, 3.0]]]])
    images = torch.tensor([[[[1.0, 1.0], [0.0, 0.25]]]])
    # -x log p - (1 - x) log (1 - p), where -log p = log(1 + exp(-logit))
    expected = log1p(exp(-2)) + log1p(exp(1)) + log(2)
    expected += 0.25 * log1p(exp(-3)) + 0.75 * log1p(exp(3))
    assert reconstruction_error(logits, images).tolist() == pytest.approx([expected])


def test_reconstruction_error_counts_all_channels() -> None:
    errors = reconstruction_error(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
    assert errors.item() == pytest.approx(3 * 64 * log(2))


def test_a_term_of_weight_zero_is_left_out() -> None:
    total, infinite = torch.tensor(2.0), torch.tensor(torch.inf)
    assert plus(total, (0.0, infinite), (3.0, torch.tensor(5.0))).item() == 17
    assert plus(total, (0.0, infinite)) is total


@dataclass(frozen=True)
class FreeBits(Objective):
    """Kingma et al. 2016, appendix C.8, as somebody else would write it."""

    free: float
    citation: ClassVar[str] = "Kingma et al. 2016"

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """A dimension costs at least what is free."""
        posterior, _, reconstruction, _ = coded(model, batch.images, batch.noise)
        kl = posterior.kl().mean(dim=0).clamp(min=self.free).sum()
        return Loss(reconstruction + kl, reconstruction, kl)


def test_a_new_objective_is_its_loss(stub: MakeModel, loss_of: LossOf) -> None:
    model = stub([[0.0, 2.0]], [[0.0, 0.0]])
    changes = {"images": torch.zeros(1, 1, 64, 64), "noise": torch.zeros(1, 2)}
    loss = loss_of(FreeBits(0.25), model, **changes)
    assert loss.kl is not None
    assert loss.kl.item() == 0.25 + 2
    assert loss.adversary is None
    assert FreeBits.variational
    assert FreeBits.companions == "none"
    with pytest.raises(ValueError, match=r"free is -0.5; expected a finite number of at least 0"):
        FreeBits(-0.5)


def test_an_objective_is_frozen_and_has_a_loss() -> None:
    with pytest.raises(FrozenInstanceError):
        FreeBits(1.0).free = 2.0  # type: ignore[misc]
    with pytest.raises(TypeError, match="abstract"):
        Objective()  # type: ignore[abstract]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_says_what_it_is(name: str) -> None:
    objective = _objective(name)
    assert objective.summary
    assert "\n" not in objective.summary
    assert objective.citation[-4:].isdigit()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_losses_are_finite_float32_under_bfloat16(
    name: str, channels: int, built: MakeModel, loss_of: LossOf
) -> None:
    objective, model = _objective(name), built(channels=channels)
    pixels = torch.linspace(0, 1, 4 * channels * 64 * 64).reshape(4, channels, 64, 64)
    changes = {"images": pixels, "companions": pixels.flip(0)}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = loss_of(objective, model, **changes)
    exact = loss_of(objective, model, **changes)
    assert rounded.total.dtype == torch.float32
    assert rounded.total.item() == pytest.approx(exact.total.item(), rel=0.01)
    assert (rounded.kl is None) == (exact.kl is None) == (not objective.variational)
    if exact.adversary is not None:
        assert rounded.adversary is not None
        assert rounded.adversary.dtype == torch.float32
        assert rounded.adversary.item() == pytest.approx(exact.adversary.item(), rel=0.01)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_batch_alone_decides_on_a_loss(name: str, built: MakeModel, loss_of: LossOf) -> None:
    first, second = (loss_of(_objective(name), built()) for _ in range(2))
    assert torch.equal(first.total, second.total)
    assert first.kl == second.kl
    assert first.adversary == second.adversary


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_loss_reaches_every_weight(name: str, built: MakeModel, loss_of: LossOf) -> None:
    """But those of the log-variance, where there is no posterior."""
    objective, model = _objective(name), built()
    loss_of(objective, model).total.backward()
    unmoved = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    head = {"log_variance.weight", "log_variance.bias"}
    assert unmoved == (set() if objective.variational else head)
