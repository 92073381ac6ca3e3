"""`disbench report`, `check` and `compare`: what is made of results directories."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from disbench.cli_options import Json, Quiet, at_most_one, teller_of
from disbench.consoles import stderr, stdout

EXIT_DAMAGED = 1


def report(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A results directory, finished or not.")
    ],
    *,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Rebuild tables, figures and report.html from what is on disk, and list what is missing."""
    from disbench.commands import reporting  # noqa: PLC0415

    at_most_one({"--quiet": quiet, "--json": json})
    reporting.rebuild(directory, teller=teller_of(quiet=quiet, json=json), errors=stderr)


def check(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A results directory, finished or not.")
    ],
) -> None:
    """Read every file of every finished run; exit 1 if one is not as it was written.

    Such a file is moved to DIR/damaged/, and the next `disbench run` makes it again.
    """
    from disbench.commands import checking  # noqa: PLC0415

    raise typer.Exit(0 if checking.check(directory, console=stdout) else EXIT_DAMAGED)


def compare(
    directories: Annotated[
        list[Path], typer.Argument(metavar="DIR DIR...", help="Results directories.")
    ],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the tables, figures and report go.")
    ] = Path("results/comparison"),
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make one report over several results directories, and say which rows can be compared."""
    from disbench.commands import comparing  # noqa: PLC0415

    at_most_one({"--quiet": quiet, "--json": json})
    comparing.compare(directories, out=out, teller=teller_of(quiet=quiet, json=json))
