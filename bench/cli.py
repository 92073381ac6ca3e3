"""The command `disbench`: its subcommands, and how it ends."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from disbench.cli_data import data
from disbench.cli_list import objectives, protocols, studies
from disbench.cli_results import check, compare, report
from disbench.cli_run import reproduce, run
from disbench.cli_score import score
from disbench.consoles import stderr
from disbench.errors import DisbenchError
from disbench.words import readable

EXIT_USAGE = 2

COMMANDS = (run, reproduce, report, check, compare, score, studies, objectives, protocols)
"""In the order in which `--help` lists them."""

app = typer.Typer(
    name="disbench",
    help="How disentangled are the codes of a VAE, and how much of that is beta, how much luck?",
    epilog="Start with: disbench run quick --dry-run",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(data, name="data")


@app.callback()
def _main(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    _Errors.debug = debug


class _Errors:
    """Whether errors are shown with their traceback."""

    debug = False


def main() -> None:
    """Run the command; the exit code is 0, 1 (some runs failed), 2 (bad usage) or 130."""
    try:
        app()
    except Exception as error:
        if _Errors.debug or not _says_it_all(error):
            raise
        stderr.print("[bold red]error:[/] ", end="")
        lines = "\n".join(map(readable, _message(error).split("\n")))
        stderr.print(lines, markup=False, soft_wrap=True)
        sys.exit(EXIT_USAGE)


def _message(error: Exception) -> str:
    """What is said of an error: of one of the system its file and what is wrong with that."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{readable(os.fsdecode(error.filename))}: {error.strerror}"
    return str(error)


def _says_it_all(error: Exception) -> bool:
    """Whether the message is all that a user needs: it is about what was given."""
    from disbench.metrics.checking import CodesError  # noqa: PLC0415
    from disbench.metrics.protocols import UnknownProtocolError  # noqa: PLC0415

    return isinstance(error, DisbenchError | CodesError | UnknownProtocolError | OSError)
