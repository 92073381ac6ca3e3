"""A file appears whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from disbench.atomic import replacing

if TYPE_CHECKING:
    from pathlib import Path


def _write_half(path: Path, error: type[BaseException]) -> None:
    path.write_text("half")
    raise error


def test_file_appears_once_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".json"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_file_can_be_read_by_others(tmp_path: Path) -> None:
    with replacing(tmp_path / "a"):
        pass
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_error_leaves_the_file_as_it_was(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(error), replacing(path) as temporary:
        _write_half(temporary, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
