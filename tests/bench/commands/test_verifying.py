"""`disbench data` writes dSprites, and says where a file differs from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from disbench import dsprites
from disbench.dsprites import RENDERED_SHA256
from disbench.dsprites.verification import Difference, Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Any]


def test_identical_file_exits_with_0(disbench: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dsprites, "verify", lambda _: Verification(737_280, 0, 0, ()))
    assert disbench("data", "verify", "file.npz") == (0, "identical: all 737,280 images\n", "")


def test_differences_are_named_and_exit_with_1(
    disbench: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (Difference(33, (0, 0, 0, 1, 1), 2), Difference(99, (0, 0, 0, 3, 3), 7))
    monkeypatch.setattr(dsprites, "verify", lambda _: Verification(737_280, 1234, 5678, first))
    called = disbench("data", "verify", "file.npz")
    assert (called.code, called.errors) == (1, "")
    assert called.output.splitlines() == [
        "1,234 of 737,280 images differ, in 5,678 pixels; the first:",
        "  image 33: 2 pixels (shape 0, scale 0, orientation 0, posX 1, posY 1)",
        "  image 99: 7 pixels (shape 0, scale 0, orientation 0, posX 3, posY 3)",
    ]


@pytest.mark.parametrize("name", ["nowhere.npz", "file.txt", "file.npz"])
def test_file_that_is_no_dataset_exits_with_2(name: str, disbench: Command, tmp_path: Path) -> None:
    (tmp_path / "file.txt").touch()
    (tmp_path / "file.npz").write_bytes(b"PK")
    called = disbench("data", "verify", tmp_path / name)
    assert called.code == 2
    assert called.errors.startswith("error: ")
    assert str(tmp_path / name) in called.errors
    assert "Traceback" not in called.errors


def test_rendered_images_are_written(
    disbench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[Path, str]] = []

    def write(path: Path, images: Any) -> None:
        written.append((path, images.sha256))

    monkeypatch.setattr(dsprites, "write_official", write)
    called = disbench("data", "render", tmp_path / "all.npz")
    assert called == (0, f"wrote {tmp_path / 'all.npz'}\n", "")
    assert written == [(tmp_path / "all.npz", RENDERED_SHA256)]


def test_file_that_is_there_is_not_written_over(disbench: Command, tmp_path: Path) -> None:
    path = tmp_path / "all.npz"
    path.write_text("precious")
    called = disbench("data", "render", path)
    assert called.code == 2
    assert called.errors.startswith("error: ")
    assert path.read_text() == "precious"
