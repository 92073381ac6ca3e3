"""`disbench score`: codes and factors from files, a table out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import parallel_config
from rich.table import Table

from disbench.atomic import replacing
from disbench.commands.slowness import slow_protocols
from disbench.errors import DataError
from disbench.scoring import DEFAULT_PROTOCOLS, Scored, score_arrays
from disbench.threads import default_jobs
from disbench.words import number
from disbench.writing import writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from disbench.code_files import Columns, Source

OUTPUTS = (".csv", ".json")


def score_files(
    codes: Source,
    factors: Source,
    *,
    protocols: Sequence[str] | None,
    seed: int,
    repeats: int,
    out: Path | None,
    console: Console,
) -> None:
    """Score the codes in a file, print the table, and write it where that is asked for.

    `factors` may name the columns of the file of codes that hold them.
    """
    if out is not None and out.suffix not in OUTPUTS:
        raise DataError(f"--out {out}: expected a name that ends in {' or '.join(OUTPUTS)}")
    names = protocols or DEFAULT_PROTOCOLS
    if slow := slow_protocols(names):
        console.print(f"this takes a while: {', '.join(slow)}", markup=False)
    read, labels = _read(codes, factors)
    with parallel_config(n_jobs=default_jobs()):
        scored = score_arrays(
            read.array,
            None if labels is None else labels.array,
            protocols=names,
            factor_names=None if labels is None else labels.names,
            seed=seed,
            repeats=repeats,
        )
    console.print(_table(scored))
    if scored.binned:
        console.print(f"cut into 20 bins of equal counts: {', '.join(scored.binned)}", markup=False)
    if out is not None:
        _write(scored, out)


def _read(codes: Source, factors: Source) -> tuple[Columns, Columns | None]:
    """The codes and, where there are any, the factors."""
    if factors.path != codes.path:
        return codes.read(), factors.read()
    if factors.columns is None and factors.key is None:
        return codes.read(), None
    labels = factors.read()
    if codes.columns is None and codes.key is None and labels.names is not None:
        every = replace(codes, columns=None).read().names or ()
        codes = replace(codes, columns=[name for name in every if name not in labels.names])
    return codes.read(), labels


def _write(scored: Scored, out: Path) -> None:
    with writing(out), replacing(out) as path:
        if out.suffix == ".csv":
            scored.frame.to_csv(path, index=False)
        else:
            path.write_text(json.dumps(_records(scored), indent=1, allow_nan=False), "utf-8")


def _records(scored: Scored) -> list[dict[str, Any]]:
    """A record a score, with the arrays behind it; what is not a number is null."""
    return [
        {
            **{str(name): _plain(value) for name, value in row.items()},
            "detail": _plain(dict(detail)),
        }
        for row, detail in zip(scored.frame.to_dict("records"), scored.details, strict=True)
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _table(scored: Scored) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("protocol", no_wrap=True)
    for name in ("value", "floor", "ceiling", "calibrated"):
        table.add_column(name, justify="right")
    for row in scored.frame.to_dict("records"):
        numbers = (row[name] for name in ("value", "floor", "ceiling", "calibrated"))
        table.add_row(row["protocol"], *(number(n, ".4f") for n in numbers))
    return table
