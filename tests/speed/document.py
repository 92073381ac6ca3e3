"""Put what was measured into docs/performance.md, in place of what stood there before.

Reads tests/speed/reference.json, which ``measure.py --json`` has written, and docs/growth.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from growth_records import Growth
from measurement import Session
from table import quantity, rounded

from disbench.models.networks import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from growth_records import Curve
    from measurement import Measurement, Ratio

    Rows = Mapping[str, Measurement]

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "performance.md"
SESSION = Path(__file__).with_name("reference.json")
GROWTH = ROOT / "docs" / "growth.json"
PRECISIONS = ("fp32", "bf16")


def main() -> None:
    """Write the four tables, each between a comment with its name and one that ends it."""
    session = Session.model_validate_json(SESSION.read_bytes())
    growth = Growth.model_validate_json(GROWTH.read_bytes())
    text, rows = DOCUMENT.read_text("utf-8"), {m.row: m for m in session.measurements}
    tables = {
        "floor": floor_table(rows),
        "pairs": pair_table(rows),
        "rows": row_table(session.measurements),
        "growth": growth_table(growth.curves),
    }
    for name, lines in tables.items():
        text = replaced(text, name, lines)
    DOCUMENT.write_text(text, "utf-8")


def replaced(text: str, name: str, lines: Iterator[str]) -> str:
    """The text with these lines between ``<!-- name -->`` and the ``<!-- end -->`` after it."""
    before, start, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if not end:
        raise ValueError(f"{DOCUMENT.name} has no place for the table {name!r}")
    return "".join((before, start, *(f"{line}\n" for line in lines), end, after))


def floor_table(rows: Rows) -> Iterator[str]:
    """Of each network, the least that a step of 64 images takes, on one thread and on two."""
    yield from _head(
        "network", *(f"{p}, {n} thread{s}" for n, s in ((1, ""), (2, "s")) for p in PRECISIONS)
    )
    for network in NETWORKS:
        alone = [_floor(rows, f"step/{network}/{p}", 1) for p in PRECISIONS]
        together = [_floor(rows, f"pair/{network}/{p}", 2) for p in PRECISIONS]
        yield _line(network, *alone, *together)


def pair_table(rows: Rows) -> Iterator[str]:
    """Of two runs at once, images a second, how many times the plain loop's, the share of peak."""
    yield from _head(
        "network", "precision", "images a second", "of the plain loop's", "of the peak"
    )
    for network in NETWORKS:
        for precision in PRECISIONS:
            row = rows[f"pair/{network}/{precision}"]
            if row.value and row.floor and row.n_images:
                rate, share = row.n_images / row.value, row.floor / row.value
                times = _range(row.ratios[0])
                yield _line(network, precision, f"{rate:,.0f}", times, f"{share:.0%}")


def row_table(measurements: Sequence[Measurement]) -> Iterator[str]:
    """All rows, each with one of the things that it is compared with."""
    yield from _head("row", "median", "floor", "over floor", "peak MB", "compared")
    for row in measurements:
        if row.value is None:
            continue
        floor = quantity(row.floor, row.unit) if row.floor else ""
        over = rounded(row.value / row.floor) if row.floor else ""
        peak = f"{row.peak_bytes / 1e6:,.0f}" if row.peak_bytes else ""
        yield _line(
            row.row, quantity(row.value, row.unit), floor, over, peak, _compared(row.ratios)
        )


def growth_table(curves: Sequence[Curve]) -> Iterator[str]:
    """The exponents of all curves, with the cost of the smallest and of the largest size."""
    yield from _head("cost of", "against", "time", "exponent", "peak MB", "exponent")
    for curve in curves:
        first, last = curve.points[0], curve.points[-1]
        yield _line(
            curve.name,
            f"{first.size:,} to {last.size:,} {curve.axis}",
            f"{quantity(first.seconds, 's')} to {quantity(last.seconds, 's')}",
            _exponent(curve.exponent_of_seconds),
            f"{first.peak_bytes / 1e6:,.0f} to {last.peak_bytes / 1e6:,.0f}",
            _exponent(curve.exponent_of_memory),
        )


def _floor(rows: Rows, name: str, n_steps: int) -> str:
    floor = rows[name].floor
    return quantity(floor / n_steps, "s") if floor else ""


def _compared(ratios: Sequence[Ratio]) -> str:
    """The plainest thing that a row is beside: the last that is called so, or else the first."""
    plain = [ratio for ratio in ratios if "plain" in ratio.name]
    chosen = (*plain[-1:], *ratios[:1])[:1]
    return "".join(f"{_range(ratio)} x the {ratio.name}" for ratio in chosen)


def _range(ratio: Ratio) -> str:
    if ratio.low == ratio.high:
        return rounded(ratio.median)
    return f"{rounded(ratio.median)} ({rounded(ratio.low)} to {rounded(ratio.high)})"


def _exponent(exponent: float | None) -> str:
    return "" if exponent is None else f"{round(exponent, 2) + 0.0:.2f}"


def _head(*cells: str) -> Iterator[str]:
    yield _line(*cells)
    yield _line(*("---" for _ in cells))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
