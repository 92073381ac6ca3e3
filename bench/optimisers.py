"""The optimisers by name, with every argument that shapes an update stated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import Adagrad, Adam

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor
    from torch.optim import Optimizer

    from disbench.definition import OptimiserName

# torch's defaults are not part of a definition.
OPTIMISERS: Mapping[OptimiserName, tuple[type[Optimizer], Mapping[str, Any]]] = {
    "adam": (Adam, {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}),
    "adagrad": (
        Adagrad,
        {"lr_decay": 0, "weight_decay": 0, "initial_accumulator_value": 0, "eps": 1e-10},
    ),
}

# Kim & Mnih 2018, appendix A, and study v1, whatever the optimiser of the autoencoder is.
ADVERSARY = {"lr": 1e-4, "betas": (0.5, 0.9), "eps": 1e-8, "weight_decay": 0}

_IMPLEMENTATIONS: Mapping[tuple[type[Optimizer], str], Mapping[str, Any]] = {
    (Adam, "cpu"): {"fused": True},
    (Adam, "cuda"): {"fused": True, "capturable": True},
    (Adagrad, "cpu"): {"fused": True},
    (Adagrad, "cuda"): {"foreach": True},  # torch has no fused one there
}


def optimiser_of(
    name: OptimiserName, parameters: Iterable[Tensor], *, lr: float, device: str
) -> Optimizer:
    """The optimiser of this name for parameters on a device."""
    kind, arguments = OPTIMISERS[name]
    return kind(parameters, lr=lr, **arguments, **_IMPLEMENTATIONS[kind, device])  # type: ignore[call-arg]


def adversary_optimiser(parameters: Iterable[Tensor], *, device: str) -> Optimizer:
    """The optimiser of every adversary."""
    return Adam(parameters, **ADVERSARY, **_IMPLEMENTATIONS[Adam, device])  # type: ignore[arg-type]
