"""`disbench score`: codes that anybody brings."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from disbench.consoles import stdout


def score(
    codes: Annotated[
        Path,
        typer.Argument(metavar="CODES", help="(rows, dimensions): .npy .npz .h5 .csv .parquet."),
    ],
    *,
    factors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="(rows, factors), in the same formats. Without factors the 737,280 rows are "
            "dSprites in the official order.",
        ),
    ] = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A protocol, a glob such as 'mig/*', or all; repeatable."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws that the protocols make.")] = 0,
    repeats: Annotated[int, typer.Option(min=1, help="How many seeds, for the spread.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a .csv, or a .json with details."),
    ] = None,
    key: Annotated[str | None, typer.Option(help="The array of codes in a .npz or .h5.")] = None,
    factor_key: Annotated[str | None, typer.Option(help="That of the factors.")] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="A,B", help="The columns of codes in a .csv or .parquet.")
    ] = None,
    factor_columns: Annotated[
        str | None, typer.Option(metavar="A,B", help="Those of the factors, if in CODES or FILE.")
    ] = None,
) -> None:
    """Score anybody's codes by named protocols, each with its noise floor and ceiling."""
    from disbench.code_files import Source  # noqa: PLC0415
    from disbench.commands import scoring  # noqa: PLC0415

    scoring.score_files(
        Source(codes, key, _names(columns)),
        Source(factors or codes, factor_key, _names(factor_columns)),
        protocols=protocol,
        seed=seed,
        repeats=repeats,
        out=out,
        console=stdout,
    )


def _names(text: str | None) -> list[str] | None:
    return None if text is None else text.split(",")
