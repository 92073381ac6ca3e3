"""Numbers and names as they stand in a sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIGNIFICANT = 0.05
"""The level at which a difference or a correlation is said to be there."""


def listed(words: Sequence[str], *, most: int = 6) -> str:
    """``a``, ``a and b``, ``a, b and c``; of many the first few and how many more."""
    if len(words) > most:
        return f"{', '.join(words[: most - 1])} and {len(words) - most + 1} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def counted(n: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def per_cent(share: float) -> str:
    """``17 %``, and ``less than 1 %`` for what is there and would read as nothing."""
    return "less than 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"  # noqa: PLR2004 - as it is written


def number(value: float, form: str) -> str:
    """A number in a form, a dash where there is none: ``0.25``, ``\u2013``, ``-\u221e``."""
    return "\u2013" if math.isnan(value) else format(value, form).replace("inf", "\u221e")


def digits(value: float) -> str:
    """A hyper-parameter as a reader writes it, with more than six digits where it has them."""
    text = f"{value:g}"
    return text if float(text) == value else repr(float(value))


def readable(text: str | Path) -> str:
    r"""The text on one line, in which what does not print is escaped: ``a\nb``, ``\udcff``.

    So a folder's name can neither break a table nor command a terminal, and every file can hold it.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text)
    )


def p_value(p: float) -> str:
    """``p = 0.03``, ``p < 0.001``; what is below the level does not read as if it were not."""
    if p < 0.001:  # noqa: PLR2004 - as it is written
        return "p < 0.001"
    said = f"{p:.2g}"
    return f"p < {SIGNIFICANT}" if p < SIGNIFICANT <= float(said) else f"p = {said}"


def duration(seconds: float) -> str:
    """A duration as a person says it: ``43 s``, ``5 min 07 s``, ``3 h 20 min``."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
