"""What the baselines of a report are, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.models.baselines import BASELINES, N_FITTED
from disbench.trained import only_baselines
from disbench.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from disbench.evidence import Evidence


def about_baselines(evidence: Evidence) -> list[str]:
    """What was compared without training; nothing where there was none."""
    runs = only_baselines(evidence.tables.runs)
    there = [name for name in BASELINES if runs["model"].eq(name).any()]
    if not there:
        return []
    said = "; ".join(f"{name}, {BASELINES[name].summary}" for name in there)
    opening = f"Baselines, for which nothing was trained: {said}."
    return [" ".join((opening, *_details(there), *_not_converged(evidence)))]


def _details(there: list[str]) -> Iterator[str]:
    if fitted := [name for name in there if BASELINES[name].fitted]:
        were = "was" if len(fitted) == 1 else "were"
        n_images = counted(N_FITTED, "image")
        yield f"{listed(fitted)} {were} fitted to {n_images} drawn from those of the training."
    if wide := [name for name in there if BASELINES[name].wide]:
        yield (
            f"Of {listed(wide)}, whose codes of a whole grid do not fit into memory, only the "
            "protocols that draw a few images at a time were asked."
        )


def _not_converged(evidence: Evidence) -> Iterator[str]:
    """In how many runs of ICA the iteration had not come to rest."""
    fits = [run.training for run in evidence.runs if run.run.objective == "ica"]
    n_open = sum(not fit.converged for fit in fits)
    if n_open:
        yield f"FastICA had not converged in {n_open} of {counted(len(fits), 'run')}."
