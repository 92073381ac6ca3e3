"""A results directory in; its tables, figures and report out, rebuilt from what is on disk."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from disbench.atomic import write_whole
from disbench.columns import COLUMNS
from disbench.errors import DamagedError
from disbench.evidence import gather
from disbench.figures.images import shown_runs
from disbench.groups import score_groups
from disbench.report.cautions import cautions
from disbench.report.comparability import comparable_rows
from disbench.report.content import page_of
from disbench.report.exploring import explorables
from disbench.report.headline import headline_of
from disbench.report.page import render
from disbench.report.paper import latex, markdown
from disbench.report.pictures import draw_pictures
from disbench.report.published import published_of
from disbench.store import Store
from disbench.tables import source_of, write_csv
from disbench.writing import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from disbench.evidence import Evidence
    from disbench.study import Study

REPORT = "report.html"
LOOK_AGAIN_SECONDS = 1.0
"""Another process may be in the midst of writing what did not fit together."""


def write_report(directory: Path, *, on_damage: Callable[[str], None] = lambda _: None) -> Evidence:
    """Write the tables, ``figures/``, the headline for a paper, and ``report.html``.

    A run with a file that is not as it was written is set aside, and missing from the report;
    `on_damage` is told of each in a sentence.
    """
    store, seen = Store(directory), set[Path]()
    while True:  # of a finite number of files
        try:
            return _write_report(store)
        except DamagedError as damage:
            note = store.set_aside_if_still(damage, sure=damage.path in seen)
            seen.add(damage.path)
            if note is None:
                time.sleep(LOOK_AGAIN_SECONDS)
            else:
                on_damage(note)


def _write_report(store: Store) -> Evidence:
    study = store.study()
    if study is not None:
        with writing(store.directory):
            score_groups(store, study)
    return write_reports({source_of(store): store}, store.directory)


def write_reports(stores: Mapping[str, Store], directory: Path) -> Evidence:
    """Write one report over the results of several directories, each under its name."""
    evidence = gather(stores)
    with writing(directory):
        _write(evidence, stores, directory)
    return evidence


def _write(evidence: Evidence, stores: Mapping[str, Store], directory: Path) -> None:
    _write_tables(evidence, directory)
    shown = shown_runs(evidence.trained)
    studies = {name: study for name, store in stores.items() if (study := store.study())}
    published = published_of(evidence, studies)
    if published is not None:
        write_csv("published", published.rows, directory)
    missing = {name: missing_runs(evidence, name, study) for name, study in studies.items()}
    page = page_of(
        evidence,
        studies,
        cautions=cautions(evidence, missing),
        published=published,
        pictures=draw_pictures(evidence, shown, directory / "figures"),
        shown=shown,
        explorables=explorables(evidence.trained),
    )
    _write_text(render(page), directory / REPORT)


def missing_runs(evidence: Evidence, source: str, study: Study) -> list[str]:
    """What a study asks for and its directory does not hold, in words."""
    # Only the grid can differ between the runs of a directory, so a label tells them apart.
    found = {run.run.label for run in evidence.runs if run.source == source}
    asked = study.runs(precision="fp32", data_sha256="")
    return [run.label for run in asked if run.label not in found]


def _write_tables(evidence: Evidence, directory: Path) -> None:
    if len(evidence.sources) > 1:  # first: by it a comparison is known, though it be cut short
        write_csv("comparable", comparable_rows(evidence), directory)
    frames = evidence.tables._asdict()
    frames |= {"dimensions": evidence.dimensions, "factors": evidence.factors}
    for name, frame in frames.items():
        write_csv(name, frame[list(COLUMNS[name])], directory)
    headline = headline_of(evidence)
    _write_text(markdown(headline), directory / "headline.md")
    _write_text(latex(headline), directory / "headline.tex")


def _write_text(text: str, path: Path) -> None:
    write_whole(path, text.encode())
