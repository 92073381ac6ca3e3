"""What a device can do."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import torch

AMPERE, HOPPER = 8, 9
"""Major compute capabilities: the least that Triton knows, and that of the GPU we tuned on."""


@cache
def runs_kernels(device: torch.device) -> bool:
    """Whether Triton is installed and knows the device; else torch computes there."""
    return device.type == "cuda" and find_spec("triton") is not None and _major(device) >= AMPERE


@cache
def is_hopper(device: torch.device) -> bool:
    """Whether the device is of the generation of an H100 or H200."""
    return device.type == "cuda" and _major(device) == HOPPER


def _major(device: torch.device) -> int:
    return torch.cuda.get_device_capability(device)[0]
