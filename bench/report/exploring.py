"""The best run of each objective, for the reader to explore; and why one cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from disbench import words
from disbench.data import open_images
from disbench.errors import DataError, ExplorerError
from disbench.explorer import explore, reference_images, reference_of
from disbench.report.headline import run_scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from disbench.evidence import Evidence
    from disbench.explorer import ReferenceImages
    from disbench.finished import FinishedRun

MOST_EXPLORED = 6
"""Each takes about a megabyte of the page."""

PLAIN = "images"
"""The name of black and white dSprites."""


class Explorable(NamedTuple):
    """A run whose decoder works in the page: its title, and what the script there reads."""

    name: str
    title: str
    payload: Mapping[str, object]


class Explorables(NamedTuple):
    """The runs that can be explored, the images beside them by their name, and who else cannot."""

    found: tuple[Explorable, ...]
    images: Mapping[str, ReferenceImages]
    refusals: tuple[str, ...]


def explorables(evidence: Evidence) -> Explorables:
    """The best run of each objective by the first headline protocol, or of the lowest seed."""
    images: dict[str, ReferenceImages] = {}
    found: list[Explorable] = []
    refusals: list[str] = []
    for number, (run, praise) in enumerate(_best_runs(evidence)):
        label = evidence.label(run)
        if len(found) >= MOST_EXPLORED:
            refusals.append(f"{label} is left out: {MOST_EXPLORED} decoders are enough for a page.")
            continue
        name = _name_of_images(run)
        try:
            images[name] = images.get(name) or _images_of(run)
            explorer = explore(run.run, run.folder, images=images[name])
        except ExplorerError as error:
            refusals.append(f"{label} cannot be explored: {error}.")
            continue
        payload = explorer.payload(images=name, **_naming(run))
        found.append(Explorable(f"run{number}", f"{label}{praise}", payload))
    used = {one.payload["images"] for one in found}
    shown = {name: few for name, few in images.items() if name in used}
    return Explorables(tuple(found), shown, tuple(refusals))


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


def _name_of_images(run: FinishedRun) -> str:
    """What the images beside a run are called in the page: runs on the same share them."""
    is_dsprites = run.evaluation is not None and run.evaluation.factors is None
    plain = is_dsprites and run.training.channels == 1
    return PLAIN if plain else f"images-{run.run.data_sha256[:12]}"


def _images_of(run: FinishedRun) -> ReferenceImages:
    """Images of the set that a run was trained on, some of which are drawn and the others opened.

    Raises `ExplorerError` where they are not at hand, or too large for a page.
    """
    if _name_of_images(run) == PLAIN:
        return reference_images()
    try:
        images = open_images(run.training.data_source)
    except DataError as error:
        raise ExplorerError(words.readable(f"its images are not at hand: {error}")) from None
    if images.sha256 != run.run.data_sha256:
        where = words.readable(run.training.data_source)
        raise ExplorerError(f"the images in {where} are others than it was trained on")
    return reference_of(images)


def _naming(run: FinishedRun) -> dict[str, Sequence[Any]]:
    """What to call the dimensions and how to order them, where that is known."""
    information = run.information
    if information is None:
        return {}
    labels = [information.label(dimension) for dimension in range(len(information.shares))]
    return {"labels": labels, "order": information.order}
