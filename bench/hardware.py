"""What a run is computed on: the device, the precision, the number of threads."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from disbench.errors import StudyError

if TYPE_CHECKING:
    from disbench.runs import Precision

DEVICES = ("auto", "cpu", "cuda")

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h

_NATIVE_BF16 = {"avx512_bf16", "amx_bf16", "bf16"}  # two names of x86, one of Arm


@dataclass(frozen=True)
class Hardware:
    """What runs are computed on, with nothing left to choose."""

    device: str
    precision: Precision

    def __str__(self) -> str:
        return f"{self.device}, {self.precision}"


def find_hardware(device: str, precision: str) -> Hardware:
    """What a device and a precision come to in this process; either may be ``auto``.

    Raises `StudyError` as `resolve_device` does.
    """
    device = resolve_device(device)
    return Hardware(device, resolve_precision(precision, device=device))


def resolve_device(device: str) -> str:
    """``cpu`` or ``cuda``: ``auto`` takes a GPU where there is one.

    Raises `StudyError` for another name, or for ``cuda`` without a GPU that torch can use.
    """
    if device not in DEVICES:
        raise StudyError(f"there is no device {device!r}; expected one of {', '.join(DEVICES)}")
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise StudyError(
            "device 'cuda': torch finds no GPU here; use --device cpu, or a CUDA build of torch"
        )
    return "cuda" if available and device != "cpu" else "cpu"


def resolve_precision(precision: str, *, device: str) -> Precision:
    """``fp32`` or ``bf16``: ``auto`` takes bf16 where the hardware multiplies it natively."""
    if precision == "auto":
        return "bf16" if _multiplies_bf16(device) else "fp32"
    return "bf16" if precision == "bf16" else "fp32"


def device_name(device: str) -> str:
    """What the processor calls itself."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    names = (line.partition(":")[2] for line in _cpuinfo() if line.startswith("model name"))
    return next(names, "unknown CPU").strip()


def free_gpu_bytes() -> int:
    """The memory of the GPU that nobody has taken."""
    torch.cuda.empty_cache()  # what torch holds and nobody uses is free
    free: int = torch.cuda.mem_get_info()[0]
    return free


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where the C library is glibc.

    By default glibc returns large blocks to the kernel at once, and each training step pays for
    the page faults of getting them back: a fifth to a quarter of its time.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_MMAP_THRESHOLD, 2**30)


def return_freed_memory() -> None:
    """Return to the kernel what `keep_freed_memory` has kept: the next run may need less.

    A worker that holds much more after a run than after its first one is taken for one that leaks,
    and replaced, with a warning.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _multiplies_bf16(device: str) -> bool:
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    flags = (line.partition(":")[2].split() for line in _cpuinfo() if _lists_flags(line))
    return not _NATIVE_BF16.isdisjoint(next(flags, []))


def _lists_flags(line: str) -> bool:
    return line.startswith(("flags", "Features"))


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return []
