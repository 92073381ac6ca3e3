"""Which protocols take their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.metrics.protocols import find

if TYPE_CHECKING:
    from collections.abc import Iterable


def slow_protocols(names: Iterable[str]) -> list[str]:
    """Those of the protocols that take more than seconds, each with its cost."""
    slow = (protocol for protocol in find(names) if protocol.cost != "seconds")
    return [f"{protocol.name} ({protocol.cost})" for protocol in slow]
