"""Counted operations against a count by hand, and against torch's own counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from arithmetic import decoding_operations, encoding_operations, step_operations
from torch.utils.flop_counter import FlopCounterMode
from training import start

from disbench.models.networks import NETWORKS

if TYPE_CHECKING:
    from disbench.trainer import Trainer

pytestmark = pytest.mark.usefixtures("whole")


def _counted_by_torch(trainer: Trainer) -> int:
    with FlopCounterMode(display=False) as counter:
        trainer.step(0)
    return int(counter.get_total_flops())


@pytest.mark.parametrize("network", NETWORKS)
def test_torch_counts_the_same_in_a_step(network: str) -> None:
    trainer = start(network, "fp32")
    assert step_operations(trainer) == pytest.approx(_counted_by_torch(trainer), rel=1e-3)


@pytest.mark.parametrize("objective", ["ada_gvae", "factor_vae"])
def test_second_images_and_an_adversary_are_counted(objective: str) -> None:
    """Torch also counts the second way back through the adversary."""
    trainer = start("conv", "fp32", objective=objective)
    counted, plain = step_operations(trainer), step_operations(start("conv", "fp32"))
    assert 1.1 * plain < counted <= _counted_by_torch(trainer)


def test_a_fully_connected_network_multiplies_each_weight_once_an_image() -> None:
    """Higgins 2017: 4096-1200-1200-2 x 10 and 10-1200-1200-1200-4096."""
    model = start("fc", "fp32").model
    encoder = 4096 * 1200 + 1200 * 1200 + 1200 * 20
    decoder = 10 * 1200 + 2 * 1200 * 1200 + 1200 * 4096
    assert encoding_operations(model, torch.zeros(3, 1, 64, 64)) == 2 * 3 * encoder
    assert decoding_operations(model, torch.zeros(3, 10)) == 2 * 3 * decoder
