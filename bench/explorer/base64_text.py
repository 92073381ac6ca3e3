"""Bytes as text that JSON can hold."""

from __future__ import annotations

from base64 import b64encode


def text_of(content: bytes) -> str:
    """The bytes in base64, which ``atob`` reads."""
    return b64encode(content).decode("ascii")
