"""An SVG file as a part of a page: its colours those of the page, its names its own."""

from __future__ import annotations

import re
from html import escape

from disbench.figures.style import FLOOR, INK, LINE, SERIES

SCHEME = {INK: "var(--ink)", LINE: "var(--line)", FLOOR: "var(--muted)"} | {
    colour: f"var(--series-{i})" for i, colour in enumerate(SERIES)
}

_GROUP_NAME = re.compile(r'(<g) id="[^"]*"')
_NAME = re.compile(r'\bid="([^"]+)"')
_REFERENCE = re.compile(r'(?:xlink:)?href="#([^"]+)"')
_URL = re.compile(r"url\(#([^)]+)\)")
_SIZE = re.compile(r'<svg[^>]*\bwidth="([\d.]+)pt"[^>]*viewBox="([^"]+)"[^>]*>', re.DOTALL)
_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
POINTS_PER_PIXEL = 0.75


def inline_svg(svg: str, *, name: str, alt: str) -> str:
    """The element ``<svg>`` of a file that was drawn with the colours of `disbench.figures.style`.

    `name` makes its references unique in the page; `alt` says what it shows.
    """
    match = _SIZE.search(svg)
    if match is None:
        raise ValueError(f"the figure {name} is no SVG file with a width and a viewBox")
    width, box = float(match[1]) / POINTS_PER_PIXEL, match[2]
    body = _STYLE.sub("", svg[match.end() :])
    body = _GROUP_NAME.sub(r"\1", body)
    body = _NAME.sub(rf'id="{name}-\1"', body)
    body = _REFERENCE.sub(rf'href="#{name}-\1"', body)
    body = _URL.sub(rf"url(#{name}-\1)", body)
    for colour, variable in SCHEME.items():
        body = body.replace(colour, variable)
    opening = (
        f'<svg viewBox="{box}" role="img" aria-label="{escape(alt)}" style="width: {width:.0f}px">'
    )
    return opening + body.strip()
