"""The tables of docs/performance.md by value."""

from __future__ import annotations

import pytest
from document import (
    DOCUMENT,
    GROWTH,
    SESSION,
    floor_table,
    growth_table,
    pair_table,
    replaced,
    row_table,
)
from growth_records import Curve, Growth, Point
from measurement import Measurement, Ratio, Session

from disbench.models.networks import NETWORKS

PAIR = Ratio(name="speed of plain fp32 loop, 2 threads", median=2.5, low=2, high=3)
ROWS = {
    f"{kind}/{network}/{precision}": Measurement(
        row=f"{kind}/{network}/{precision}",
        value=0.04,
        n_images=128,
        floor=0.01,
        ratios=(PAIR,),
        peak_bytes=2_000_000,
    )
    for kind in ("step", "pair")
    for network in NETWORKS
    for precision in ("fp32", "bf16")
}


def test_a_step_of_one_of_two_runs_is_half_the_floor_of_both() -> None:
    lines = list(floor_table(ROWS))
    assert lines[2].endswith("| 10 ms | 10 ms | 5 ms | 5 ms |")
    assert len(lines) == 2 + len(NETWORKS)


def test_pairs_have_their_rate_and_the_share_of_the_peak() -> None:
    assert list(pair_table(ROWS))[3].endswith("| bf16 | 3,200 | 2.5 (2 to 3) | 25% |")


def test_a_row_is_shown_beside_what_is_plain() -> None:
    other = Ratio(name="speed of bare loop", median=1, low=1, high=1)
    row = Measurement(row="step", value=0.5, floor=0.25, ratios=(other, PAIR), peak_bytes=10**9)
    *_, line = row_table([row])
    compared = "2.5 (2 to 3) x the speed of plain fp32 loop, 2 threads"
    assert line == f"| step | 500 ms | 250 ms | 2 | 1,000 | {compared} |"


def test_a_row_that_failed_is_left_out() -> None:
    assert len(list(row_table([Measurement(row="step", error="it broke")]))) == 2


def test_growth_is_told_from_the_smallest_to_the_largest_size() -> None:
    points = tuple(Point(size=n, seconds=n / 10, peak_bytes=0) for n in (1, 2, 4, 8))
    *_, line = growth_table([Curve(name="it", axis="runs", points=points)])
    assert line == "| it | 1 to 8 runs | 100 ms to 800 ms | 1.00 | 0 to 0 |  |"


def test_a_table_takes_the_place_of_the_one_before() -> None:
    text = "a\n<!-- rows -->\nold\n<!-- end -->\nb\n<!-- end -->\n"
    expected = "a\n<!-- rows -->\nnew\n<!-- end -->\nb\n<!-- end -->\n"
    assert replaced(text, "rows", iter(["new"])) == expected


def test_a_table_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table 'rows'"):
        replaced("nothing\n", "rows", iter(["new"]))


def test_the_document_holds_what_was_measured() -> None:
    session = Session.model_validate_json(SESSION.read_bytes())
    growth = Growth.model_validate_json(GROWTH.read_bytes())
    lines = DOCUMENT.read_text("utf-8").splitlines()
    assert set(row_table(session.measurements)) <= set(lines)
    assert set(growth_table(growth.curves)) <= set(lines)
