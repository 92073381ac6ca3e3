"""A page of explorers, opened in a browser and asked what it computes and shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from disbench.explorer import script, style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from selenium.webdriver import Chrome

DECODED, NEAREST = 0, 1
"""Which canvas of an explorer shows what."""


def html(parts: Sequence[str], *, before: str = "") -> str:
    """A page of these parts; `before` comes before the script."""
    content = "\n".join(parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>'
        f"<style>{style()}</style></head><body>{before}"
        f"<script>{script()}</script>{content}</body></html>"
    )


@dataclass(frozen=True)
class ExplorerPage:
    """A page that is open in a browser."""

    browser: Chrome

    @classmethod
    def open(cls, browser: Chrome, path: Path) -> ExplorerPage:
        """Open a file, and wait until its explorers stand."""
        browser.get(path.as_uri())
        browser.execute_async_script("disbench.ready.then(arguments[0])")
        page = cls(browser)
        page.wait_for_frame()
        return page

    def wait_for_frame(self) -> None:
        """Wait until what was asked for before is drawn."""
        self.browser.execute_async_script(
            "const done = arguments[0];"
            "requestAnimationFrame(() => requestAnimationFrame(() => done()))"
        )

    def call(self, name: str, method: str, *arguments: object) -> Any:
        """What a method of an explorer returns; arrays as lists."""
        return self.browser.execute_script(
            "const [name, method, values] = arguments;"
            "const result = disbench.explorers[name][method](...values);"
            "return ArrayBuffer.isView(result) ? [...result] : result",
            name,
            method,
            arguments,
        )

    def decode(self, name: str, code: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The probabilities that an explorer decodes, (64, 64)."""
        return np.array(self.call(name, "decode", code.tolist())).reshape(64, 64)

    def show(self, name: str, code: NDArray[np.floating[Any]]) -> None:
        """Set the code of an explorer, and wait until it is drawn."""
        self.call(name, "set", code.tolist())
        self.wait_for_frame()

    def pixels(self, name: str, which: int) -> NDArray[np.uint8]:
        """What is on a canvas of an explorer: red, green, blue, opacity, (64, 64, 4)."""
        values = self.browser.execute_script(
            "const [name, which] = arguments;"
            "const all = document.querySelectorAll(`[data-explorer='${name}'] canvas`);"
            "return [...all[which].getContext('2d').getImageData(0, 0, 64, 64).data]",
            name,
            which,
        )
        return np.array(values, np.uint8).reshape(64, 64, 4)

    def texts(self, name: str, selector: str) -> list[str]:
        """The texts of the elements of an explorer that a selector names."""
        found: list[str] = self.browser.execute_script(
            "const [name, selector] = arguments;"
            "const all = document.querySelectorAll(`[data-explorer='${name}'] ${selector}`);"
            "return [...all].map((element) => element.textContent)",
            name,
            selector,
        )
        return found
