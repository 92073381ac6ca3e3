"""Options that several commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from disbench.consoles import stdout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from disbench.commands.telling import Teller

Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts, an object a line.")]


def at_most_one(options: Mapping[str, bool]) -> None:
    """Refuse, as bad usage, options of which only one makes sense."""
    given = [name for name, is_given in options.items() if is_given]
    if len(given) > 1:
        raise typer.BadParameter("give one of them alone", param_hint=" and ".join(given))


def teller_of(*, quiet: bool, json: bool) -> Teller:
    """What tells the user how far it is: in words, as JSON, or not at all."""
    from disbench.commands import telling  # noqa: PLC0415

    if json:
        return telling.Json(stdout)
    return telling.Nothing() if quiet else telling.Words(stdout)
