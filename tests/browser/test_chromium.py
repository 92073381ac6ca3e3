"""A machine without a browser is told what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from chromium import missing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("programs", "reason"),
    [
        ([], "no chromium or chromium-browser or google-chrome on the PATH"),
        (["google-chrome"], "no chromedriver or chromium.chromedriver on the PATH"),
        (["chromium", "chromedriver"], None),
    ],
)
def test_the_program_that_is_missing_is_named(
    programs: list[str], reason: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in programs:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing() == reason
