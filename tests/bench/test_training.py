"""A run trains to the bits of its definition, and says how it went."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from disbench import training
from disbench.dsprites import PackedImages, batch_rows
from disbench.models.autoencoder import build
from disbench.models.networks import NETWORKS
from disbench.optimisers import OPTIMISERS
from disbench.seeds import generator, stream_key
from disbench.trainer import Trainer, initial_model
from disbench.training import Moment, MomentError, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from disbench.models.autoencoder import Autoencoder
    from disbench.records import LossRecord
    from disbench.runs import Run


def _weights(model: Autoencoder) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def _equal(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def _beta_vae_steps(
    run: Run, images: PackedImages, model: Autoencoder
) -> Iterator[tuple[float, float]]:
    """A plain loop: yields reconstruction and KL with the gradients of the step in place."""
    for step in range(run.steps):
        rows = batch_rows(
            stream_key(run.identity, "batches"),
            step,
            n_images=len(images),
            batch_size=run.batch_size,
        )
        batch = torch.from_numpy(images.unpack(rows)).float().reshape(-1, 1, 64, 64)
        rng = generator(stream_key(run.identity, "noise"), step=step)
        noise = rng.standard_normal((run.batch_size, run.latents), dtype=np.float32)
        features = model.encoder(batch)
        mean, log_variance = model.mean(features), model.log_variance(features)
        logits = model.decoder(mean + torch.exp(log_variance / 2) * torch.from_numpy(noise))
        pixels = F.binary_cross_entropy_with_logits(logits, batch, reduction="none")
        reconstruction = pixels.flatten(1).sum(1).mean()
        kl = (0.5 * (mean**2 + torch.exp(log_variance) - log_variance - 1)).sum(1).mean()
        model.zero_grad()
        (reconstruction + run.hyperparameters["beta"] * kl).backward()
        yield reconstruction.item(), kl.item()


def _drawn_model(run: Run) -> Autoencoder:
    rng = generator(stream_key(run.identity, "weights"))
    return build(NETWORKS[run.network], latents=run.latents, rng=rng)


def test_a_plain_loop_gives_the_same_weights_to_the_bit(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    run = make_run(steps=5)
    model = _drawn_model(run)
    adam = torch.optim.Adam(
        model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, fused=True
    )
    losses = []
    for loss in _beta_vae_steps(run, whole, model):
        adam.step()
        losses.append(loss)
    trained = train(run, whole, device="cpu")
    assert _equal(_weights(trained.model), _weights(model))
    [record] = trained.losses
    reconstruction, kl = np.mean(losses, axis=0)
    assert record.step == 5
    assert record.reconstruction == pytest.approx(reconstruction, rel=1e-6)
    assert record.kl == pytest.approx(kl, rel=1e-6)
    assert record.loss == pytest.approx(reconstruction + 4 * kl, rel=1e-6)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_run_takes_its_optimiser_and_rate(
    optimiser: str, make_run: Callable[..., Run], whole: PackedImages
) -> None:
    """The first step of both is the rate itself, along the sign of each gradient."""
    run = make_run(steps=1, optimiser=optimiser, learning_rate=2.0**-10)
    before, after = initial_model(run), train(run, whole, device="cpu").model
    changes = (after.mean.weight - before.mean.weight).detach().abs()
    assert changes.median().item() == pytest.approx(2.0**-10, rel=1e-3)


def test_a_plain_loop_with_adagrad_gives_the_same_weights_to_the_bit(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    run = make_run(steps=2, optimiser="adagrad")
    model = _drawn_model(run)
    adagrad = torch.optim.Adagrad(model.parameters(), lr=1e-3, eps=1e-10, fused=True)
    for _ in _beta_vae_steps(run, whole, model):
        adagrad.step()
    assert _equal(_weights(train(run, whole, device="cpu").model), _weights(model))


def test_a_run_gives_the_same_bits_whatever_was_trained_before(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    alone = train(make_run(), whole, device="cpu")
    other = train(make_run(seed=1), whole, device="cpu")
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002 - the global generator
    again = train(make_run(), whole, device="cpu")
    assert _equal(_weights(again.model), _weights(alone.model))
    assert again.losses == alone.losses
    assert not _equal(_weights(other.model), _weights(alone.model))


def test_training_moves_no_global_generator(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    before = torch.get_rng_state()
    numpy_before = np.random.get_state()[1].copy()  # type: ignore[index] # noqa: NPY002
    train(make_run(steps=2), whole, device="cpu")
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # type: ignore[index] # noqa: NPY002


def test_loss_falls(
    make_run: Callable[..., Run], whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MIN_INTERVAL", 10)
    losses = train(make_run(steps=60), whole, device="cpu").losses
    assert len(losses) == 6
    assert losses[0].reconstruction > 800
    assert losses[-1].reconstruction < 0.5 * losses[0].reconstruction


def test_losses_are_means_over_intervals(
    make_run: Callable[..., Run], whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MIN_INTERVAL", 2)
    run = make_run(steps=5)
    seen: list[LossRecord] = []
    losses = train(run, whole, device="cpu", on_record=seen.append).losses
    trainer = Trainer.start(run, whole, device="cpu")
    steps = [trainer.step(step) for step in range(5)]
    assert list(losses) == seen
    assert [record.step for record in losses] == [2, 4, 5]
    for record, (start, stop) in zip(losses, [(0, 2), (2, 4), (4, 5)], strict=True):
        of_interval = steps[start:stop]
        assert record.loss == pytest.approx(np.mean([s.total.item() for s in of_interval]))
        kl = [s.kl.item() for s in of_interval if s.kl is not None]
        assert record.kl == pytest.approx(np.mean(kl))


@pytest.mark.parametrize(
    ("steps", "n_records", "length"),
    [(1, 1, 1), (49, 1, 49), (51, 2, 50), (50_000, 1000, 50), (300_000, 1000, 300)],
)
def test_records_are_at_most_a_thousand(steps: int, n_records: int, length: int) -> None:
    intervals = list(training.intervals(steps))
    assert len(intervals) == n_records
    assert len(intervals[0]) == length
    assert [step for interval in intervals for step in interval] == list(range(steps))


def test_autoencoder_has_no_kl(make_run: Callable[..., Run], whole: PackedImages) -> None:
    run = make_run(objective="ae", hyperparameters={})
    [record] = train(run, whole, device="cpu").losses
    assert math.isnan(record.kl)
    assert record.loss == record.reconstruction > 0


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_bf16_trains_float32_weights_to_other_bits(
    optimiser: str, make_run: Callable[..., Run], whole: PackedImages
) -> None:
    exact, rounded = (
        train(make_run(precision=precision, optimiser=optimiser), whole, device="cpu")
        for precision in ("fp32", "bf16")
    )
    assert all(w.dtype == torch.float32 for w in _weights(rounded.model))
    assert not rounded.diverged
    # Another precision is another identity, so these are other batches of other weights.
    assert rounded.losses[0].reconstruction == pytest.approx(
        exact.losses[0].reconstruction, rel=0.2
    )


def test_a_run_that_diverges_stops_and_says_where(
    make_run: Callable[..., Run], whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MIN_INTERVAL", 3)
    trained = train(make_run(steps=100, learning_rate=1e30), whole, device="cpu")
    assert trained.diverged
    assert trained.steps_done == 3
    assert [record.step for record in trained.losses] == [3]
    assert not math.isfinite(trained.losses[0].loss)


def test_divergence_in_the_last_step_is_noticed(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    """The only loss was finite; the weights that its step left behind are useless."""
    trained = train(make_run(steps=1, learning_rate=1e30), whole, device="cpu")
    assert math.isfinite(trained.losses[0].loss)
    assert trained.diverged
    assert trained.steps_done == 1


def test_a_run_that_ends_well_says_so(make_run: Callable[..., Run], whole: PackedImages) -> None:
    trained = train(make_run(), whole, device="cpu")
    assert not trained.diverged
    assert trained.steps_done == 4


def _moments(run: Run, whole: PackedImages) -> dict[int, Moment]:
    """A run after each of its steps, none of which changes another."""
    moments: dict[int, Moment] = {}

    def keep(step: int, moment: Callable[[], Moment]) -> None:
        found = moment()
        copies = {name: tensor.clone() for name, tensor in found.tensors.items()}
        moments[step] = Moment(found.step, copies)

    train(run, whole, device="cpu", after_step=keep)
    return moments


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A discriminator of less than a second."""
    monkeypatch.setattr("disbench.models.discriminator.WIDTH", 50)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(
    "definition",
    [
        {"network": "conv"},
        {"network": "conv", "optimiser": "adagrad"},
        {"network": "burgess", "precision": "bf16"},
        {"network": "fc"},
        {"objective": "ae", "hyperparameters": {}},
        {"objective": "cci_vae", "hyperparameters": {"capacity": 9.0, "ramp": 4.0}},
        {"objective": "factor_vae", "hyperparameters": {"gamma": 10.0}},
        {"objective": "factor_vae", "hyperparameters": {"gamma": 10.0}, "optimiser": "adagrad"},
        {"objective": "info_vae", "hyperparameters": {"lambda_mmd": 10.0}},
        {"objective": "ada_gvae", "hyperparameters": {"beta": 1.0}},
    ],
)
def test_a_run_goes_on_from_any_step_to_the_same_bits(
    definition: dict[str, Any],
    make_run: Callable[..., Run],
    whole: PackedImages,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also from the middle of an interval, whose losses are summed on both sides."""
    monkeypatch.setattr(training, "MIN_INTERVAL", 2)
    run = make_run(steps=5, **definition)
    whole_run = train(run, whole, device="cpu")
    moments = _moments(run, whole)
    assert list(moments) == [moment.step for moment in moments.values()] == [1, 2, 3, 4, 5]
    for moment in moments.values():
        resumed = train(run, whole, device="cpu", moment=moment)
        assert _equal(_weights(resumed.model), _weights(whole_run.model))
        np.testing.assert_array_equal(resumed.losses, whole_run.losses)  # NaN without a KL


@pytest.mark.usefixtures("narrow")
def test_an_adversary_goes_on_to_the_same_bits(
    make_run: Callable[..., Run], whole: PackedImages
) -> None:
    run = make_run(steps=3, objective="factor_vae", hyperparameters={"gamma": 10.0})
    moments = _moments(run, whole)
    last: list[Moment] = []
    train(run, whole, device="cpu", moment=moments[1], after_step=lambda _, m: last.append(m()))
    names = [name for name in moments[3].tensors if name.startswith("adversary")]
    assert len(names) == 14 + 3 * 14  # seven layers, and what Adam keeps of their weights
    assert all(torch.equal(last[-1].tensors[name], moments[3].tensors[name]) for name in names)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("name", ["adversary.0.weight", "adversary_optimiser.3.exp_avg_sq"])
def test_a_moment_that_lacks_a_part_of_an_adversary_is_refused(
    name: str, make_run: Callable[..., Run], whole: PackedImages
) -> None:
    definition = {"objective": "factor_vae", "hyperparameters": {"gamma": 10.0}}
    [moment] = _moments(make_run(steps=1, **definition), whole).values()
    tensors = {key: tensor for key, tensor in moment.tensors.items() if key != name}
    with pytest.raises(MomentError):
        train(make_run(steps=2, **definition), whole, device="cpu", moment=Moment(1, tensors))


def test_only_the_steps_that_are_left_are_taken(
    make_run: Callable[..., Run], whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MIN_INTERVAL", 2)
    run = make_run(steps=5)
    moment = _moments(run, whole)[3]
    steps: list[int] = []
    real = Trainer.step

    def step(trainer: Trainer, number: int) -> Any:
        steps.append(number)
        return real(trainer, number)

    monkeypatch.setattr(Trainer, "step", step)
    seen: list[LossRecord] = []
    train(run, whole, device="cpu", on_record=seen.append, moment=moment)
    assert steps == [3, 4]
    assert [record.step for record in seen] == [4, 5]


def test_a_run_that_had_diverged_goes_no_further(
    make_run: Callable[..., Run], whole: PackedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MIN_INTERVAL", 3)
    run = make_run(steps=100, learning_rate=1e30)
    moments = _moments(run, whole)
    assert max(moments) == 3
    resumed = train(run, whole, device="cpu", moment=moments[3])
    assert resumed.diverged
    assert resumed.steps_done == 3


@pytest.mark.parametrize(
    "change",
    [
        {"latents": 4},
        {"network": "fc"},
        {"optimiser": "adagrad"},
    ],
)
def test_a_moment_of_another_model_is_refused(
    change: dict[str, Any], make_run: Callable[..., Run], whole: PackedImages
) -> None:
    [moment] = _moments(make_run(steps=1, **change), whole).values()
    with pytest.raises(MomentError):
        train(make_run(steps=2), whole, device="cpu", moment=moment)


@pytest.mark.parametrize("name", ["losses", "sums", "model.mean.bias", "optimiser.0.exp_avg"])
def test_a_moment_that_lacks_a_part_is_refused(
    name: str, make_run: Callable[..., Run], whole: PackedImages
) -> None:
    [moment] = _moments(make_run(steps=1), whole).values()
    tensors = {key: tensor for key, tensor in moment.tensors.items() if key != name}
    with pytest.raises(MomentError):
        train(make_run(steps=2), whole, device="cpu", moment=Moment(1, tensors))
