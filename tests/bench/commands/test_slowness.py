"""Protocols that take minutes are named before they do."""

from __future__ import annotations

from disbench.commands.slowness import slow_protocols


def test_slow_protocols_are_named_with_their_cost() -> None:
    assert slow_protocols(["mig/*", "dci/gbt"]) == ["dci/gbt (minutes)"]
