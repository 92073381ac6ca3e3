"""The optimisers are those of their papers, whatever implementation a device has of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from disbench.learner import STATES
from disbench.optimisers import _IMPLEMENTATIONS, OPTIMISERS, adversary_optimiser, optimiser_of


def _after_steps(optimiser: str) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Zeros after steps at a rate of 0.01, and the gradients of the steps."""
    weights = torch.nn.Parameter(torch.zeros(50))
    gradients = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 50))).float()
    update = optimiser_of(optimiser, [weights], lr=0.01, device="cpu")
    for gradient in gradients:
        weights.grad = gradient.clone()
        update.step()
    return weights.detach().double(), list(gradients.double())


def test_adam_is_that_of_the_paper() -> None:
    """Kingma & Ba 2015, algorithm 1, with the settings of study v1."""
    weights, gradients = _after_steps("adam")
    expected, first, second = torch.zeros(3, 50).double()
    for step, gradient in enumerate(gradients, start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        corrected = (second / (1 - 0.999**step)).sqrt() + 1e-8
        expected -= 0.01 * first / (1 - 0.9**step) / corrected
    torch.testing.assert_close(weights, expected, rtol=1e-5, atol=1e-8)


def test_adagrad_is_that_of_the_paper() -> None:
    """Duchi et al. 2011, with a diagonal matrix that begins at zero."""
    weights, gradients = _after_steps("adagrad")
    expected, total = torch.zeros(2, 50).double()
    for gradient in gradients:
        total += gradient**2
        expected -= 0.01 * gradient / total.sqrt()
    torch.testing.assert_close(weights, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_stacked_weights_are_updated_as_each_is_alone(name: str) -> None:
    """To the bit: every element has an update of its own."""
    gradients = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 2, 40))).float()
    whole = torch.nn.Parameter(torch.zeros(2, 40))
    parts = [torch.nn.Parameter(torch.zeros(40)) for _ in range(2)]
    for parameters, of in (([whole], slice(None)), ([parts[0]], 0), ([parts[1]], 1)):
        update = optimiser_of(name, parameters, lr=0.01, device="cpu")
        for gradient in gradients:
            parameters[0].grad = gradient[of].clone()
            update.step()
    assert torch.equal(whole, torch.stack([part.detach() for part in parts]))


def test_adversary_has_the_settings_of_its_paper() -> None:
    """Kim & Mnih 2018, appendix A."""
    adam = adversary_optimiser([torch.nn.Parameter(torch.zeros(1))], device="cpu")
    assert (adam.defaults["lr"], adam.defaults["betas"]) == (1e-4, (0.5, 0.9))


def test_there_is_an_implementation_of_each_on_every_device() -> None:
    """Whose states a checkpoint knows."""
    for kind, _ in OPTIMISERS.values():
        assert kind.__name__ in STATES
        for device in ("cpu", "cuda"):
            assert (kind, device) in _IMPLEMENTATIONS
