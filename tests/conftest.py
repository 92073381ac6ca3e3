"""One rendered whole set for all tests, in a cache that is not the user's; one browser."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from chromium import chromium, missing
from hypothesis import settings

from disbench.dsprites import PackedImages, open_images

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

# No test is timed: a busy machine is no fault. The same examples everywhere, so a failure stays.
settings.register_profile("disbench", deadline=None, derandomize=True)
settings.load_profile("disbench")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISBENCH_CACHE", str(folder))
        yield folder
    shutil.rmtree(folder)  # pytest keeps the folders of three sessions, of half a gigabyte each


@pytest.fixture(scope="session")
def whole(cache: Path) -> PackedImages:  # noqa: ARG001 - it has to be there first
    return open_images("rendered")


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    """A browser without a network; where there is none tests skip, except in CI."""
    if reason := missing():
        no_browser = pytest.fail if os.environ.get("CI") else pytest.skip
        no_browser(f"{reason}: the tests of pages need Chromium and its driver")
    with chromium() as driver:
        yield driver
