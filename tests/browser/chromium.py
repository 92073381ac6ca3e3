"""A browser without a window: Chromium, driven by selenium, and offline."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from selenium import webdriver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVERS = ("chromedriver", "chromium.chromedriver")

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # which root cannot have; it opens files of ours only
    "--disable-dev-shm-usage",  # small in a container
    "--window-size=1200,900",
)


def missing() -> str | None:
    """Which program is not there, in words; None where all are."""
    for names in (BROWSERS, DRIVERS):
        if _found(names) is None:
            return f"no {' or '.join(names)} on the PATH"
    return None


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """A browser that can reach no network, and whose console can be read; it ends with the block.

    Its programs are named, so that selenium does not go and look for others to download.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = _found(BROWSERS)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ARGUMENTS:
        options.add_argument(argument)
    with webdriver.Chrome(options, webdriver.ChromeService(_found(DRIVERS))) as driver:
        driver.set_network_conditions(offline=True, latency=0, throughput=0)
        yield driver


def _found(names: Sequence[str]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)
