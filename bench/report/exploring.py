"""The best run of each objective, for the reader to explore; and why one cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from disbench import words
from disbench.errors import ExplorerError
from disbench.explorer import explore, reference_images
from disbench.report.headline import run_scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from disbench.evidence import Evidence
    from disbench.explorer import ReferenceImages
    from disbench.finished import FinishedRun

MOST_EXPLORED = 6
"""Each takes about a megabyte of the page."""
NO_IMAGES = "the page has the black and white images of dSprites to compare with, and no others"


class Explorable(NamedTuple):
    """A run whose decoder works in the page: its title, and what the script there reads."""

    name: str
    title: str
    payload: Mapping[str, object]


class Explorables(NamedTuple):
    """The runs that can be explored, the images to hold beside them, and who else cannot."""

    found: tuple[Explorable, ...]
    images: ReferenceImages | None
    refusals: tuple[str, ...]


def explorables(evidence: Evidence) -> Explorables:
    """The best run of each objective by the first headline protocol, or of the lowest seed."""
    images = reference_images()
    found: list[Explorable] = []
    refusals: list[str] = []
    for number, (run, praise) in enumerate(_best_runs(evidence)):
        label = evidence.label(run)
        if len(found) >= MOST_EXPLORED:
            refusals.append(f"{label} is left out: {MOST_EXPLORED} decoders are enough for a page.")
            continue
        if not _is_comparable(run):
            refusals.append(f"{label} cannot be explored: {NO_IMAGES}.")
            continue
        try:
            explorer = explore(run.run, run.folder, images=images)
        except ExplorerError as error:
            refusals.append(f"{label} cannot be explored: {error}.")
            continue
        payload = explorer.payload(**_naming(run))
        found.append(Explorable(f"run{number}", f"{label}{praise}", payload))
    return Explorables(tuple(found), images if found else None, tuple(refusals))


def _best_runs(evidence: Evidence) -> Iterator[tuple[FinishedRun, str]]:
    """A run of each objective of each directory, and what to say of its score."""
    scores = run_scores(evidence)
    evaluated = [run for run in evidence.runs if run.evaluation is not None]
    # The best first; those without a score after them, by seed.
    ordered = sorted(evaluated, key=lambda run: (-scores.get(run.key, -np.inf), run.run.seed))
    best: dict[tuple[str, str], FinishedRun] = {}
    for run in ordered:
        best.setdefault((run.source, run.run.objective), run)
    for run in sorted(best.values(), key=evidence.runs.index):
        score = scores.get(run.key)
        yield run, "" if score is None else f", best of its objective: {words.number(score, '.3f')}"


def _is_comparable(run: FinishedRun) -> bool:
    """Whether a run was trained on images like those that the page has."""
    is_dsprites = run.evaluation is not None and run.evaluation.factors is None
    return is_dsprites and run.training.channels == 1


def _naming(run: FinishedRun) -> dict[str, Sequence[Any]]:
    """What to call the dimensions and how to order them, where that is known."""
    information = run.information
    if information is None:
        return {}
    labels = [information.label(dimension) for dimension in range(len(information.shares))]
    return {"labels": labels, "order": information.order}
