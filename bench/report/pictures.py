"""The figures of a report: written as files, and returned for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib import rc_context

from disbench.figures.dimensions import information_picture, kl_picture
from disbench.figures.images import image_pictures, write_animation
from disbench.figures.scores import score_picture, tradeoff_picture
from disbench.figures.statistics import (
    agreement_picture,
    superiority_picture,
    variance_picture,
)
from disbench.figures.style import STYLE, write_picture
from disbench.figures.training import training_picture
from disbench.report.headline import headline_protocols, run_scores
from disbench.report.page import figure_of
from disbench.settings import hyperparameter_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from disbench.evidence import Evidence
    from disbench.figures.images import Shown
    from disbench.figures.style import Picture
    from disbench.information import Information
    from disbench.report.page import Figure

NAMES = (
    "headline",
    "tradeoff",
    "scores",
    "scores_sampled",
    "variance",
    "superiority",
    "agreement",
    "training_curves",
    "kl_by_dimension",
    "information",
    "reconstructions",
    "traversals",
    "prior_samples",
)
"""Of all figures that a report may have."""

HEADLINE_PANELS = 3
MOST_COMPARED = 24
"""Of more settings than these, the pairs are in the tables only."""


def draw_pictures(evidence: Evidence, shown: Sequence[Shown], folder: Path) -> Mapping[str, Figure]:
    """Write every figure that there is something to draw for, and return them by name."""
    folder.mkdir(exist_ok=True)
    _remove_earlier(folder)
    with rc_context(dict(STYLE)):
        drawn = {p.name: figure_of(p, write_picture(p, folder)) for p in _pictures(evidence, shown)}
    if shown:
        write_animation(shown, folder / "traversals.gif")
    return drawn


def _remove_earlier(folder: Path) -> None:
    """Remove the figures of an earlier report, lest one that is drawn no more says what was."""
    for name in NAMES:
        for suffix in ("png", "svg", "gif"):
            (folder / f"{name}.{suffix}").unlink(missing_ok=True)


def _pictures(evidence: Evidence, shown: Sequence[Shown]) -> Iterator[Picture]:
    if len(evidence.tables.scores):
        yield from _score_pictures(evidence)
    trained = evidence.trained
    if len(trained.curves):
        yield training_picture(trained)
    if trained.dimensions["kl"].notna().any():
        yield kl_picture(trained)
    if best_to_worst := _best_to_worst(trained):
        yield information_picture(best_to_worst)
    yield from image_pictures(shown)


def _score_pictures(evidence: Evidence) -> Iterator[Picture]:
    tables = evidence.tables
    means = evidence.scores_of("mean")
    if protocols := headline_protocols(means["protocol"], most=HEADLINE_PANELS):
        yield score_picture("headline", evidence, protocols, representation="mean")
        if len(evidence.trained.scores_of("mean")):
            yield tradeoff_picture(evidence.trained, protocols)
    for representation, suffix in (("mean", ""), ("sampled", "_sampled")):
        every = list(dict.fromkeys(evidence.scores_of(representation)["protocol"]))
        if every:
            name = f"scores{suffix}"
            yield score_picture(name, evidence, every, representation=representation)
    variance = tables.variance[tables.variance["representation"].eq("mean")]
    if variance["seed"].notna().any():
        yield variance_picture(variance, chosen=hyperparameter_word(tables.runs))
    for protocol in protocols[:1]:
        yield from _superiority(evidence, protocol)
    agreement = tables.agreement[tables.agreement["representation"].eq("mean")]
    if agreement["rho"].notna().any():
        yield agreement_picture(agreement)


def _superiority(evidence: Evidence, protocol: str) -> Iterator[Picture]:
    """Which setting beats which by a protocol, where there are some, and not too many."""
    pairs = evidence.tables.comparisons
    shown = pairs[pairs["representation"].eq("mean") & pairs["protocol"].eq(protocol)]
    there = {*shown["first"], *shown["second"]}
    if shown["probability"].notna().any() and len(there) <= MOST_COMPARED:
        settings = [setting for setting in evidence.settings if setting in there]
        yield superiority_picture(shown, settings, protocol)


def _best_to_worst(evidence: Evidence) -> list[tuple[str, Information]]:
    """The runs that are best, in the middle and worst by the first headline protocol."""
    known = {run.key: run for run in evidence.runs}
    ranked = [known[key] for key in run_scores(evidence) if known[key].information is not None]
    places = dict.fromkeys((0, len(ranked) // 2, len(ranked) - 1)) if ranked else ()
    names = ("best", "median", "worst") if len(places) == 3 else ("best", "worst")  # noqa: PLR2004 - all apart
    return [
        (f"{name}: {evidence.label(ranked[place])}", information)
        for name, place in zip(names, places, strict=False)
        if (information := ranked[place].information) is not None
    ]
