"""What is measured, as records that go to JSON and back."""

from __future__ import annotations

from typing import Literal

from disbench.records import Provenance, Record

Unit = Literal["s", "GFLOP/s", "GB/s"]


class Ratio(Record):
    """How two things compare: the ratio of medians, and the extremes over single rounds.

    The name says of what: a 'speed of X' of 2 is twice the speed of X.
    """

    name: str
    median: float
    low: float
    high: float


class Measurement(Record):
    """A row of the table: a median, the least it could be, and what it is compared with.

    Seconds are CPU seconds, but by the clock where several processes compute together (``pair``,
    ``cluster``), and those of a browser are of its own clock. `n_images` is how many images they
    were for, `floor` what arithmetic or memory alone would take of the same unit, and `peak_bytes`
    the most memory that the processes of this row had before they turned to what it is compared
    with. A row that failed has an `error`, and no value.
    """

    row: str
    value: float | None = None
    unit: Unit = "s"
    n_images: int | None = None
    floor: float | None = None
    ratios: tuple[Ratio, ...] = ()
    n_rounds: int = 1
    peak_bytes: int | None = None
    error: str | None = None


class Session(Record):
    """All measurements of one call, and the machine that they were taken on."""

    schema_version: Literal[1] = 1
    quick: bool
    provenance: Provenance
    measurements: tuple[Measurement, ...]
