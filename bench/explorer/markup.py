"""The explorer as pieces of an HTML page; see explorer.js for what it makes of them."""

from __future__ import annotations

import json
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from disbench.explorer.reference import ReferenceImages


def style() -> str:
    """The style sheet, once a page, for a ``<style>``."""
    return _file("explorer.css")


def script() -> str:
    """The script, once a page, for a ``<script>``; it waits for the page to be whole."""
    return _file("decoding.js") + _file("explorer.js")


def images_data(images: ReferenceImages, name: str = "images") -> str:
    """The element with the reference images of this name, which explorers refer to by it."""
    return _json_element(name, images.payload())


def container(name: str, payload: Mapping[str, object]) -> str:
    """The elements of one explorer: where it is to stand, and its data.

    `name` is unique in the page, also among those of images.
    """
    place = (
        f'<div class="explorer" data-explorer="{escape(name)}">'
        "<p>This explorer needs JavaScript.</p></div>"
    )
    return f"{place}\n{_json_element(name, payload)}"


def _json_element(name: str, content: Mapping[str, object]) -> str:
    # The escape means the same to JSON, and no label can end the element.
    text = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="explorer-{escape(name)}">{text}</script>'


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
