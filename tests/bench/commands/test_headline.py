"""The table that ends a run has a row a setting, and fits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rich.console import Console

from disbench.commands.headline import headline_table
from disbench.evidence import Evidence, gather
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run


def _text(evidence: Evidence) -> str:
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(headline_table(evidence))
    return console.export_text()


def _rows(evidence: Evidence) -> list[list[str]]:
    return [line.split() for line in _text(evidence).splitlines()]


def test_headline_has_a_row_a_setting(store: Store) -> None:
    first, second, *rows = _rows(gather({"here": store}))
    assert (first, second) == (["mig/"], ["setting", "n", "recon.", "KL", "exact"])
    assert rows == [
        ["ae", "0", "\u2013", "\u2013", "\u2013"],
        ["beta", "4", "1", "100.5", "1.8", "0.250"],
    ]


def test_headline_of_nothing_has_no_rows(tmp_path: Path) -> None:
    assert _rows(gather({"here": Store(tmp_path)})) == [["setting", "n", "recon.", "KL"]]


def test_headline_names_the_sources_where_there_are_several(store: Store) -> None:
    _, _, *rows = _rows(gather({"one": store, "two": store}))
    assert [row[:3] for row in rows] == [
        ["one:", "ae", "0"],
        ["one:", "beta", "4"],
        ["two:", "ae", "0"],
        ["two:", "beta", "4"],
    ]


def test_headline_fits_in_80_columns_and_counts_what_does_not(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., Any]
) -> None:
    """Beside short names there is room for three protocols, beside long ones for one."""
    names = ["mig/exact", "dci/gbt", "factor_vae/locatello2019", "sap/locatello2019"]
    names += ["beta_vae/locatello2019"]
    for folder in ("short", "long"):
        write_run(Store(tmp_path / folder), make_run(), dict.fromkeys(names, 0.5))
    source = "a-directory-of-a-long-name"
    few = gather({"short": Store(tmp_path / "short")})
    many = gather({source: Store(tmp_path / "long"), "b": Store(tmp_path / "short")})
    for evidence, n_scores in ((few, 3), (many, 1)):
        text = _text(evidence)
        assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
        [row, *_] = [line for line in text.splitlines() if "beta 4" in line]
        assert row.split().count("0.500") == n_scores
        assert f"and {5 - n_scores} more protocols in summary.csv" in text


def test_long_name_goes_on_in_the_next_line(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., Any]
) -> None:
    store = Store(tmp_path)
    write_run(store, make_run(), {"mig/exact": 0.5})
    long = "x" * 90
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(headline_table(gather({long: store, "b": store})))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(line.split()[0] for line in lines if "x" in line.split("  ")[0]) == f"{long}:"
    assert sum("0.500" in line for line in lines) == 2
