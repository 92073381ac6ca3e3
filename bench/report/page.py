"""The report as one HTML file that needs nothing else: no server, no network."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from disbench import __version__
from disbench.explorer import markup
from disbench.report.svg import inline_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from disbench.figures.style import Picture
    from disbench.report.cautions import Caution
    from disbench.report.citations import Citation
    from disbench.report.exploring import Explorables
    from disbench.report.grid import Grid
    from disbench.report.png import Strip
    from disbench.report.published import Published

SECTIONS = {
    "answer": "In short",
    "published": "Published",
    "compared": "Comparable?",
    "protocols": "Protocols",
    "luck": "Choice or luck",
    "agreement": "Agreement",
    "training": "Training",
    "dimensions": "Dimensions",
    "images": "Images",
    "explorer": "Explore",
    "runs": "Runs",
    "provenance": "Provenance",
}


class Figure(NamedTuple):
    """A figure of the page: its name, title and caption, and the SVG element."""

    name: str
    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True)
class Block:
    """The images of one run, and what its dimensions are called, top to bottom."""

    label: str
    samples: Strip
    traversals: Strip
    dimensions: tuple[str, ...]


class Headline(NamedTuple):
    """The table that says it in short, and the same for a text file and for a paper."""

    grid: Grid
    markdown: str
    latex: str


@dataclass(frozen=True)
class Page:
    """All that the page shows, as text, tables and pictures."""

    title: str
    description: str
    facts: tuple[tuple[str, str], ...]
    findings: Sequence[str]
    cautions: Sequence[Caution]
    headline: Headline
    pictures: Mapping[str, Figure]
    published: Published | None
    comparability: Sequence[Grid]
    summary: Grid
    pooled: Grid
    variance: Grid
    comparisons: Grid
    agreement: Grid
    reconstructions: Sequence[tuple[str, Strip]]
    blocks: Sequence[Block]
    n_left_out: int
    explorables: Explorables
    runs: Grid
    provenance: Grid
    studies: Sequence[tuple[str, str]]
    citations: Sequence[Citation]

    @property
    def sections(self) -> list[tuple[str, str]]:
        """The sections that there is something for, by id, in order."""
        empty = {
            "published": self.published is None,
            "compared": not self.comparability,
            "protocols": not self.summary.rows,
            "luck": not (self.variance.rows or self.comparisons.rows),
            "agreement": not self.agreement.rows,
            "training": "training_curves" not in self.pictures,
            "dimensions": self.pictures.keys().isdisjoint({"kl_by_dimension", "information"}),
            "images": not self.blocks,
            "explorer": not (self.explorables.found or self.explorables.refusals),
        }
        return [(id_, name) for id_, name in SECTIONS.items() if not empty.get(id_, False)]


def figure_of(picture: Picture, svg: str) -> Figure:
    """A picture that was drawn, as the page shows it."""
    element = inline_svg(svg, name=picture.name, alt=picture.alt)
    # Our own drawing, whose texts matplotlib has escaped.
    return Figure(picture.name, picture.title, picture.caption, Markup(element))  # noqa: S704


def render(page: Page) -> str:
    """The page as HTML; whatever text it holds is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_read("page.html"))
    text = template.render(
        page=page,
        version=__version__,
        style=Markup(_read("page.css") + markup.style()),  # noqa: S704 - our own files
        script=Markup(markup.script() + _read("page.js")),  # noqa: S704
        explorer=lambda one: Markup(markup.container(one.name, one.payload)),  # noqa: S704
        images_data=lambda images, name: Markup(markup.images_data(images, name)),  # noqa: S704
    )
    return text.strip() + "\n"


def _read(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")
