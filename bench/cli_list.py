"""`disbench studies`, `objectives` and `protocols`: what there is to choose from."""

from __future__ import annotations

from typing import Annotated

import typer

from disbench.consoles import stdout


def studies() -> None:
    """List the studies that are shipped."""
    from disbench.commands import listing  # noqa: PLC0415

    listing.studies(stdout)


def objectives() -> None:
    """List the objectives with their hyper-parameters, and the baselines."""
    from disbench.commands import listing  # noqa: PLC0415

    listing.objectives(stdout)


def protocols(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Show all arguments of this one.")
    ] = None,
) -> None:
    """List the protocols, or every frozen argument of one."""
    from disbench.commands import listing  # noqa: PLC0415

    listing.protocols(stdout, name)
