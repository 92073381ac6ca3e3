"""The measurements as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from measurement import Measurement, Ratio, Session
    from rich.console import RenderableType

COLUMNS = ("median (low - high)", "floor", "over floor", "peak MB")
SECONDS = ((1e-3, 1e6, "us"), (1, 1e3, "ms"), (float("inf"), 1, "s"))
"""Up to how many seconds which unit is used."""


ONE_THREAD = "One thread, but for 'pair' and 'cluster', which are by the clock, as 2 threads are."


def render(
    session: Session, earlier: Session | None, *, how: str = ONE_THREAD, title: str = "CPU time of"
) -> Iterator[RenderableType]:
    """What to print, in order; `earlier` is a session to compare with."""
    facts = session.provenance
    yield f"{facts.device_name}, torch {facts.torch}, disbench {facts.disbench}"
    yield how
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(title)
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    before = {m.row: m for m in earlier.measurements} if earlier else {}
    for measurement in session.measurements:
        table.add_row(*_cells(measurement))
        for name, value in _details(measurement, before.get(measurement.row)):
            table.add_row(f"[dim]  {name}", f"[dim]{value}")
    yield table
    for measurement in session.measurements:
        if measurement.error:
            yield f"{measurement.row} failed: {measurement.error}"
    if earlier is not None and earlier.quick != session.quick:
        yield "One of the two sessions was --quick, and is the noisier for it."


def _cells(measurement: Measurement) -> tuple[str, ...]:
    if measurement.value is None:
        return measurement.row, "failed"
    floor, peak = measurement.floor, measurement.peak_bytes
    return (
        measurement.row.removeprefix("protocol/"),
        quantity(measurement.value, measurement.unit),
        quantity(floor, measurement.unit) if floor else "",
        rounded(measurement.value / floor) if floor else "",
        f"{peak / 1e6:,.0f}" if peak else "",
    )


def _details(measurement: Measurement, before: Measurement | None) -> Iterator[tuple[str, str]]:
    """The lines below a row: a name and what it is."""
    if measurement.value and measurement.n_images:
        yield "images a second", rounded(measurement.n_images / measurement.value)
    for ratio in measurement.ratios:
        yield ratio.name, _range(ratio)
    if before is not None:
        yield from _changes(measurement, before)


def _changes(measurement: Measurement, before: Measurement) -> Iterator[tuple[str, str]]:
    if measurement.value and before.value:
        work = (measurement.n_images or 1) / (before.n_images or 1)
        speed = work * before.value / measurement.value
        yield "speed of before", rounded(speed if measurement.unit == "s" else 1 / speed)
    if measurement.peak_bytes and before.peak_bytes:
        yield "memory of before", rounded(measurement.peak_bytes / before.peak_bytes)


def _range(ratio: Ratio) -> str:
    if ratio.low == ratio.high:
        return rounded(ratio.median)
    return f"{rounded(ratio.median)} ({rounded(ratio.low)} - {rounded(ratio.high)})"


def quantity(value: float, unit: str) -> str:
    """A value with its unit, of seconds the one that suits it."""
    if unit != "s":
        return f"{rounded(value)} {unit}"
    factor, shown = next((f, name) for limit, f, name in SECONDS if value < limit)
    return f"{rounded(value * factor)} {shown}"


def rounded(value: float) -> str:
    """Three digits, without a power of ten."""
    return f"{float(f'{value:.3g}'):,.10g}"
