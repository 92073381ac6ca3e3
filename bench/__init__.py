"""Measure how disentangled the codes of a VAE are, and how much of that is luck.

The public names are loaded on first use, so that ``import disbench`` and ``disbench --help``
do not wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from disbench import dsprites
    from disbench.runner import run
    from disbench.scoring import score
    from disbench.study_files import load_study

__all__ = ["dsprites", "load_study", "run", "score"]

__version__ = "0.1.0"

_HOMES = {
    "load_study": "disbench.study_files",
    "run": "disbench.runner",
    "score": "disbench.scoring",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name == "dsprites":
        return import_module("disbench.dsprites")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'disbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
