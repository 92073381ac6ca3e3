"""What the page says, from the evidence: its text, its tables, its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disbench.figures.images import MOST_SHOWN, ORIGINAL, below_originals, montage, traversals
from disbench.report import grids
from disbench.report.baselines import about_baselines
from disbench.report.citations import citations
from disbench.report.comparability import aspects, comparable_rows, comparison
from disbench.report.findings import findings
from disbench.report.headline import headline_of
from disbench.report.page import Block, Headline, Page
from disbench.report.paper import latex, markdown
from disbench.report.png import strip
from disbench.settings import hyperparameter_word
from disbench.study_files import to_toml
from disbench.words import duration, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from disbench.evidence import Evidence
    from disbench.figures.images import Shown
    from disbench.report.cautions import Caution
    from disbench.report.exploring import Explorables
    from disbench.report.grid import Grid
    from disbench.report.page import Figure
    from disbench.report.png import Strip
    from disbench.report.published import Published
    from disbench.study import Study

FACTS = {
    "network": "network",
    "latents": "latents",
    "steps": "steps",
    "batch_size": "batch",
    "learning_rate": "learning rate",
    "precision": "precision",
    "data_source": "data",
    "grid": "scored on grid",
    "device_name": "device",
}
"""Columns of the table of runs that a reader wants to know first, and their names."""


def page_of(
    evidence: Evidence,
    studies: Mapping[str, Study],
    *,
    cautions: Sequence[Caution],
    published: Published | None,
    pictures: Mapping[str, Figure],
    shown: Sequence[Shown],
    explorables: Explorables,
) -> Page:
    """The page of these results; `studies` are by directory, as far as they have one."""
    frames = evidence.tables
    return Page(
        title=_title(evidence, studies),
        description=" ".join(dict.fromkeys(study.description for study in studies.values())),
        facts=tuple(_facts(evidence)),
        findings=_findings(evidence),
        cautions=cautions,
        headline=_headline(evidence),
        pictures=pictures,
        published=published,
        comparability=_comparability(evidence),
        summary=grids.summary_grid(frames.summary),
        pooled=grids.pooled_grid(frames.objectives),
        variance=grids.variance_grid(frames.variance, chosen=hyperparameter_word(frames.runs)),
        comparisons=grids.comparisons_grid(frames.comparisons),
        agreement=grids.agreement_grid(frames.agreement),
        reconstructions=_reconstructions(shown),
        blocks=[_block(one) for one in shown],
        n_left_out=max(0, len(evidence.trained.settings) - MOST_SHOWN),
        explorables=explorables,
        runs=grids.runs_grid(frames.runs),
        provenance=grids.provenance_grid(frames),
        studies=[(source, to_toml(study)) for source, study in studies.items()],
        citations=citations(frames, of_dsprites=_has_dsprites(evidence)),
    )


def _has_dsprites(evidence: Evidence) -> bool:
    """Whether a run is about dSprites, as all are whose records name no other factors."""
    records = [run.evaluation for run in evidence.runs]
    return not records or any(record is None or record.factors is None for record in records)


def _title(evidence: Evidence, studies: Mapping[str, Study]) -> str:
    """The name of the study, or of the directories where there are several or it has none."""
    if len(evidence.sources) == 1:
        return next((study.name for study in studies.values()), evidence.sources[0])
    return " / ".join(evidence.sources) or "results"


def _findings(evidence: Evidence) -> list[str]:
    compared = comparison(evidence) if _are_several(evidence) else ()
    return [*compared, *findings(evidence.trained), *about_baselines(evidence)]


def _headline(evidence: Evidence) -> Headline:
    frame = headline_of(evidence)
    return Headline(grids.headline_grid(frame), markdown(frame), latex(frame))


def _are_several(evidence: Evidence) -> bool:
    """Whether there is more than one directory, so that rows may not be comparable."""
    return len(evidence.sources) > 1


def _comparability(evidence: Evidence) -> tuple[Grid, ...]:
    """The tables of what can be compared; none for a single directory."""
    if not _are_several(evidence):
        return ()
    rows = comparable_rows(evidence)
    return grids.aspects_grid(aspects(evidence)), grids.comparable_grid(rows)


def _facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What was done in a few words each, from the runs themselves and not from the study."""
    runs = evidence.tables.runs
    n_done = int(runs["status"].eq("done").sum())
    yield "runs", f"{n_done} done" if n_done == len(runs) else f"{n_done} of {len(runs)} done"
    trained = evidence.trained.tables.runs
    shown = trained if len(trained) else runs
    for column, label in FACTS.items():
        values = [_plain(value) for value in dict.fromkeys(shown[column].dropna())]
        if values:
            yield label, listed(values)
    seconds = float(runs["training_seconds"].sum() + runs["evaluation_seconds"].sum())
    yield "work", f"{duration(seconds)} in all"


def _plain(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _row(images: NDArray[np.uint8], alt: str) -> Strip:
    return strip(montage(images[None]), alt=alt)


def _block(shown: Shown) -> Block:
    sheet = montage(traversals(shown))
    moved = f"Images decoded by {shown.label}: a row a dimension, moved from low to high."
    return Block(
        label=shown.label,
        samples=_row(shown.pictures.samples, f"Prior samples decoded by {shown.label}."),
        traversals=strip(sheet, alt=moved),
        dimensions=tuple(shown.dimension_labels()),
    )


def _reconstructions(shown: Sequence[Shown]) -> list[tuple[str, Strip]]:
    """Rows of images with their labels, each row of originals above what is made of them."""
    return [
        (
            label,
            _row(images, "Original images." if label == ORIGINAL else f"Reconstructed by {label}."),
        )
        for label, images in below_originals(shown)
    ]
