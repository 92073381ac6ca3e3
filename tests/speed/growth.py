"""Measure how time and memory grow with runs, workers, latents and images: docs/growth.png.

``--draw`` draws the figure again from what was measured before.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from growing import curves
from growth_figure import draw
from growth_records import Growth
from rich.console import Console
from rich.table import Table

from disbench.dsprites import open_images
from disbench.provenance import provenance

if TYPE_CHECKING:
    from growth_records import Curve

DOCS = Path(__file__).parents[2] / "docs"


def main() -> None:
    """Measure all curves, or read those of before; write and draw them, and print exponents."""
    parser = argparse.ArgumentParser(prog="growth.py", description=__doc__)
    parser.add_argument("--draw", action="store_true", help="measure nothing")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="DIR", help="where files go")
    arguments = parser.parse_args()
    path = arguments.docs / "growth.json"
    if not arguments.draw:
        path.write_text(_measured().model_dump_json(indent=1) + "\n", "utf-8")
    growth = Growth.model_validate_json(path.read_bytes())
    draw(growth, path.with_suffix(".png"))
    Console().print(_table(growth))


def _measured() -> Growth:
    open_images("rendered")  # so that no curve draws the images for those that come after
    progress = Console(stderr=True, highlight=False)
    measured = tuple(curves(lambda line: progress.print(f"[dim]{line}")))
    return Growth(provenance=provenance("cpu"), curves=measured)


def _table(growth: Growth) -> Table:
    table = Table("cost of", "against", "exponent of seconds", "exponent of memory")
    for curve in growth.curves:
        table.add_row(*_cells(curve))
    return table


def _cells(curve: Curve) -> tuple[str, ...]:
    exponents = (curve.exponent_of_seconds, curve.exponent_of_memory)
    shown = ("none" if one is None else f"{one:.2f}" for one in exponents)
    return (curve.name, curve.axis, *shown)


if __name__ == "__main__":
    main()
