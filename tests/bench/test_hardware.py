"""The device and the precision are what was asked for, or it is refused."""

from __future__ import annotations

import pytest
import torch

from disbench import hardware
from disbench.errors import StudyError
from disbench.hardware import device_name, resolve_device, resolve_precision

X86 = ["processor\t: 0", "model name\t: Some CPU @ 2 GHz", "flags\t\t: fpu sse2 {}", ""] * 2
ARM = ["processor\t: 0", "Features\t: fp asimd {}", "CPU part\t: 0xd40"]


def _cpu(monkeypatch: pytest.MonkeyPatch, lines: list[str], flags: str) -> None:
    monkeypatch.setattr(hardware, "_cpuinfo", lambda: [line.format(flags) for line in lines])


def _gpu(monkeypatch: pytest.MonkeyPatch, *, there: bool, bf16: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: bf16)


@pytest.mark.parametrize(
    ("asked", "there", "expected"),
    [("auto", True, "cuda"), ("auto", False, "cpu"), ("cpu", True, "cpu"), ("cuda", True, "cuda")],
)
def test_auto_takes_a_gpu_where_there_is_one(
    asked: str,
    there: bool,  # noqa: FBT001
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _gpu(monkeypatch, there=there)
    assert resolve_device(asked) == expected


def test_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _gpu(monkeypatch, there=False)
    with pytest.raises(StudyError, match="'cuda': torch finds no GPU here; use --device cpu"):
        resolve_device("cuda")


@pytest.mark.parametrize("device", ["tpu", "", "CPU", "cuda:1"])
def test_unknown_device_is_refused_with_what_there_is(device: str) -> None:
    with pytest.raises(StudyError, match=f"no device '{device}'; expected one of auto, cpu, cuda"):
        resolve_device(device)


@pytest.mark.parametrize(
    ("lines", "flags", "expected"),
    [
        (X86, "avx512_bf16", "bf16"),
        (X86, "amx_bf16 amx_int8", "bf16"),
        (X86, "avx512f avx512_vnni", "fp32"),
        (X86, "xbf16 bf16x", "fp32"),
        (ARM, "bf16 i8mm", "bf16"),
        (ARM, "i8mm", "fp32"),
        ([], "", "fp32"),
        (["flags"], "", "fp32"),
    ],
)
def test_auto_takes_bf16_where_a_cpu_multiplies_it(
    lines: list[str], flags: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cpu(monkeypatch, lines, flags)
    assert resolve_precision("auto", device="cpu") == expected


@pytest.mark.parametrize(("bf16", "expected"), [(True, "bf16"), (False, "fp32")])
def test_auto_asks_a_gpu_not_the_cpu(
    bf16: bool,  # noqa: FBT001
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _cpu(monkeypatch, X86, "" if bf16 else "avx512_bf16")
    _gpu(monkeypatch, there=True, bf16=bf16)
    assert resolve_precision("auto", device="cuda") == expected


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("flags", ["avx512_bf16", ""])
def test_precision_that_was_asked_for_stands(
    precision: str, flags: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cpu(monkeypatch, X86, flags)
    assert resolve_precision(precision, device="cpu") == precision


@pytest.mark.parametrize(
    ("lines", "name"), [(X86, "Some CPU @ 2 GHz"), (ARM, "unknown CPU"), ([], "unknown CPU")]
)
def test_processor_is_named(lines: list[str], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _cpu(monkeypatch, lines, "")
    assert device_name("cpu") == name


def test_memory_is_kept_and_returned_on_any_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no glibc, nothing is done, and nothing is raised."""
    hardware.keep_freed_memory()
    hardware.return_freed_memory()

    def no_library(_: str) -> None:
        raise OSError("no such library")

    monkeypatch.setattr(hardware.ctypes, "CDLL", no_library)
    hardware.keep_freed_memory()
    hardware.return_freed_memory()
    monkeypatch.setattr(hardware.ctypes, "CDLL", lambda _: object())
    hardware.keep_freed_memory()
    hardware.return_freed_memory()
