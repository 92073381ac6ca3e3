"""Runs that differ in nothing but their seed and hyper-parameters, trained as one program."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn
from torch.func import functional_call, vmap

from disbench.draws import Draws, together
from disbench.models.objective import Batch
from disbench.models.stacked.stacking import stacked
from disbench.resident import supply_of
from disbench.trainer import (
    adversary_of,
    autocast,
    initial_adversary,
    initial_model,
    learner_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from disbench.datasets.images import ImageSet
    from disbench.learner import Learner
    from disbench.models.objective import Objective
    from disbench.resident import Supply
    from disbench.runs import Run

Sent = dict[str, "Tensor"]
"""What a step of all runs needs, by name, each with the runs along its first axis."""


class Losses(NamedTuple):
    """Of each run: what it and its adversary minimise, and parts; NaN where there is none."""

    total: Tensor
    reconstruction: Tensor
    kl: Tensor
    adversary: Tensor


@dataclass(frozen=True)
class Cohort:
    """Runs under way together: the learners, whose tensors hold all runs, change by every step."""

    draws: tuple[Draws, ...]
    supply: Supply
    device: str
    autoencoder: Learner[nn.Module]
    adversary: Learner[nn.Module] | None
    hyperparameters: Mapping[str, Tensor | float]
    _program: nn.Module = field(repr=False)

    @classmethod
    def start(cls, runs: Sequence[Run], images: ImageSet, *, device: str) -> Cohort:
        """The runs before their first step, each with the weights that its identity draws.

        Raises `ValueError` for runs that differ in more than seed and hyper-parameters.
        """
        _check_alike(runs)
        first = runs[0]
        models = [initial_model(run, channels=images.channels) for run in runs]
        adversaries = [made for run in runs if (made := initial_adversary(run)) is not None]
        autoencoder = learner_of(stacked(models, device=device), first, device=device)
        adversary = adversary_of(
            stacked(adversaries, device=device) if adversaries else None, device=device
        )
        return cls(
            draws=tuple(Draws.of(run, images) for run in runs),
            supply=supply_of(images, device=device, precision=first.precision),
            device=device,
            autoencoder=autoencoder,
            adversary=adversary,
            hyperparameters=_side_by_side(runs, device),
            _program=_Program(
                autoencoder.network, None if adversary is None else adversary.network
            ),
        )

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs, in the order of the first axis of all tensors."""
        return tuple(draws.run for draws in self.draws)

    @property
    def learners(self) -> list[Learner[nn.Module]]:
        """The autoencoders and their adversaries, if they have any."""
        return [learner for learner in (self.autoencoder, self.adversary) if learner is not None]

    def sent(self, step: int) -> Sent:
        """What a step needs, on the CPU: the same numbers that each run would draw alone."""
        drawn = together(self.draws, step)._asdict()
        for name in ("rows", "companions"):
            if drawn[name] is not None:
                drawn[name] = self.supply.sent(drawn[name])
        drawn["step"] = torch.tensor(float(step))
        return {n: torch.as_tensor(part) for n, part in drawn.items() if part is not None}

    def step(self, sent: Sent) -> Losses:
        """Take a step on what was sent to the device; nothing waits for the device."""
        losses = self.losses(sent)
        self.autoencoder.set_gradients(losses.total.sum(), keep_graph=self.adversary is not None)
        if self.adversary is not None:
            self.adversary.set_gradients(losses.adversary.sum())
        for learner in self.learners:
            learner.optimiser.step()
        return Losses(*(part.detach() for part in losses))

    def losses(self, sent: Sent) -> Losses:
        """The losses of the models as they are: (runs,) each."""
        batch = {
            name: tensor for name, tensor in sent.items() if name not in {"rows", "companions"}
        }
        batch["images"] = self.supply.received(sent["rows"])
        if "companions" in sent:
            batch["companions"] = self.supply.received(sent["companions"])
        step = batch.pop("step")
        varying = {n: v for n, v in self.hyperparameters.items() if isinstance(v, torch.Tensor)}

        def losses_of_one(
            parameters: dict[str, Tensor], varying: dict[str, Tensor], batch: dict[str, Tensor]
        ) -> Losses:
            values = {**self.hyperparameters, **varying}
            arguments = (self._objective(values), batch, step, len(self.draws[0].images))
            result: Losses = functional_call(self._program, parameters, arguments)
            return result

        with autocast(self.runs[0].precision, self.device):
            parameters: dict[str, Tensor] = dict(self._program.named_parameters())
            return Losses(*vmap(losses_of_one)(parameters, varying, batch))

    def tensors(self) -> dict[str, Tensor]:
        """The weights and the state of the optimisers, by name, of all runs."""
        return {name: t for learner in self.learners for name, t in learner.tensors().items()}

    def restore(self, each: Sequence[Mapping[str, Tensor]]) -> None:
        """Go on from the tensors of each run; one of several errors for those of other models."""
        names = each[0].keys()
        if any(tensors.keys() != names for tensors in each):
            raise ValueError("the runs hold tensors of other names than each other")
        whole = {n: stacked_tensors([tensors[n] for tensors in each]) for n in names}
        for learner in self.learners:
            learner.restore(whole)

    def _objective(self, values: Mapping[str, Any]) -> Objective:
        """The objective with these hyper-parameters; those of each run have been checked."""
        kind = type(self.draws[0].objective)
        objective = object.__new__(kind)
        for name, value in values.items():
            object.__setattr__(objective, name, value)
        return objective


class _Program(nn.Module):
    """The loss of one run as a function of its parameters, which `functional_call` puts in."""

    def __init__(self, model: nn.Module, adversary: nn.Module | None) -> None:
        super().__init__()
        self.model, self.adversary = model, adversary

    def forward(
        self, objective: Objective, batch: Mapping[str, Tensor], step: Tensor, n_images: int
    ) -> Losses:
        loss = objective.loss(
            self.model,  # type: ignore[arg-type]
            Batch(
                images=batch["images"],
                noise=batch["noise"],
                n_images=n_images,
                step=step,
                drawn=batch.get("own"),
                companions=batch.get("companions"),
                companion_noise=batch.get("companion_noise"),
                adversary=self.adversary,
            ),
        )
        nothing = torch.full_like(loss.total.detach(), torch.nan)
        kl = nothing if loss.kl is None else loss.kl
        return Losses(
            loss.total,
            loss.reconstruction,
            kl,
            nothing if loss.adversary is None else loss.adversary,
        )


def stacked_tensors(each: Sequence[Tensor]) -> Tensor:
    """The same tensor of all runs as one; of the number of steps, which they share, the first."""
    return torch.stack(list(each)) if each[0].ndim else each[0]


def of_run(whole: Tensor, place: int) -> Tensor:
    """What a tensor of all runs holds of one of them."""
    return whole[place] if whole.ndim else whole


def _check_alike(runs: Sequence[Run]) -> None:
    apart = {"seed", "hyperparameters"} if runs[0].with_hyperparameters().mixes else {"seed"}
    for name in (f.name for f in fields(runs[0]) if f.name not in apart):
        values = {str(getattr(run, name)) for run in runs}
        if len(values) > 1:
            raise ValueError(f"runs of {name} {sorted(values)} cannot train as one")


def _side_by_side(runs: Sequence[Run], device: str) -> dict[str, Tensor | float]:
    """Every hyper-parameter as a tensor (runs,), also where all share it.

    A number would be rounded elsewhere, and the bits of a run depend on the others. Where an
    objective does not mix, they are numbers, which all runs share.
    """
    objectives = [run.with_hyperparameters() for run in runs]
    values = {
        f.name: [float(getattr(objective, f.name)) for objective in objectives]
        for f in fields(objectives[0])
    }
    if not objectives[0].mixes:
        return {name: each[0] for name, each in values.items()}
    return {name: torch.tensor(each, device=device) for name, each in values.items()}
