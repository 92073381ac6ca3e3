"""Directories are called by the shortest names that tell them apart and keep to their line."""

import os
from pathlib import Path

import pytest

from disbench.names import name_of, names_of


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/r/new", "/r/old"], ["new", "old"]),
        (["/r/new/quick", "/r/old/quick"], ["new/quick", "old/quick"]),
        (["/a/x/quick", "/b/x/quick"], ["a/x/quick", "b/x/quick"]),
        (["/quick", "/r/quick"], ["/quick", "r/quick"]),
        (["/a\nb", "/a\\nb"], ["a\\nb (1)", "a\\nb (2)"]),
        (["/a\nb/quick", "/c/quick"], ["a\\nb/quick", "c/quick"]),
    ],
)
def test_ends_of_paths_tell_them_apart(paths: list[str], names: list[str]) -> None:
    assert names_of([Path(path) for path in paths]) == names


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (b"quick", "quick"),
        ("K\u00fche und K\u00e4lber".encode(), "K\u00fche und K\u00e4lber"),
        (b"a\nb", "a\\nb"),
        (b"\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\u202egnp".encode(), "\\u202egnp"),
        (b"caf\xe9", "caf\\udce9"),
        (b"x" * 255, "x" * 13 + "\u2026" + "x" * 14),
    ],
)
def test_name_is_text_that_keeps_to_its_line(folder: bytes, name: str, tmp_path: Path) -> None:
    directory = tmp_path / os.fsdecode(folder)
    directory.mkdir()
    assert name_of(directory) == name


def test_long_names_that_are_cut_alike_are_numbered() -> None:
    long = "x" * 100
    names = names_of([Path(f"/a/{long}1{long}"), Path(f"/a/{long}2{long}")])
    cut = "x" * 13 + "\u2026" + "x" * 14
    assert names == [f"{cut} (1)", f"{cut} (2)"]
