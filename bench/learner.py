"""A network and its optimiser: what a step of training changes, and a checkpoint keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor
    from torch.optim import Optimizer

Module = TypeVar("Module", bound=nn.Module)

STATES: Mapping[str, frozenset[str]] = {
    "Adam": frozenset({"step", "exp_avg", "exp_avg_sq"}),
    "Adagrad": frozenset({"step", "sum"}),
}
"""What each optimiser keeps of each parameter, by the name of its class."""


@dataclass(frozen=True)
class Learner(Generic[Module]):
    """A network and its optimiser; in a checkpoint their tensors begin with these names."""

    network: Module
    optimiser: Optimizer
    weights_name: str
    optimiser_name: str

    def set_gradients(self, loss: Tensor, *, keep_graph: bool = False) -> None:
        """Give the weights of this network their gradients, and no other weights any."""
        self.optimiser.zero_grad()
        weights = list(self.network.parameters())
        torch.autograd.backward(loss, inputs=weights, retain_graph=keep_graph)

    def tensors(self) -> dict[str, Tensor]:
        """The weights and the state of the optimiser, by name."""
        weights = self.network.state_dict().items()
        states = self.optimiser.state_dict()["state"]
        return {f"{self.weights_name}.{name}": tensor for name, tensor in weights} | {
            f"{self.optimiser_name}.{index}.{key}": tensor
            for index, state in states.items()
            for key, tensor in state.items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from these tensors; one of several errors for those of another network."""
        parameters = list(self.network.parameters())
        states: dict[int, dict[str, Tensor]] = {}
        for index, key, tensor in _optimiser_tensors(_below(self.optimiser_name, tensors)):
            states.setdefault(index, {})[key] = _laid_out_as(parameters[index], tensor)
        # An autoencoder has parameters that no loss depends on: of these nothing is kept.
        expected = type(self.optimiser).__name__
        if any(state.keys() != STATES[expected] for state in states.values()):
            raise ValueError(f"it holds another state than that of {expected}")
        groups = self.optimiser.state_dict()["param_groups"]
        self.network.load_state_dict(_below(self.weights_name, tensors))
        self.optimiser.load_state_dict({"state": states, "param_groups": groups})


def _below(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with this one and a dot, without both."""
    prefix = f"{name}."
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _optimiser_tensors(tensors: Mapping[str, Tensor]) -> Iterator[tuple[int, str, Tensor]]:
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        yield int(index), key, tensor


def _laid_out_as(parameter: Tensor, tensor: Tensor) -> Tensor:
    """The tensor in the memory order that the optimiser gave it: sums in it keep their order."""
    if tensor.shape != parameter.shape:  # the number of steps
        return tensor
    return torch.empty_like(parameter).copy_(tensor)
