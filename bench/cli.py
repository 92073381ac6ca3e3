"""The command `disbench`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from disbench.cli_data import data
from disbench.consoles import stderr, stdout
from disbench.errors import DisbenchError
from disbench.words import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from disbench.commands.telling import Teller

EXIT_FAILED, EXIT_USAGE = 1, 2

app = typer.Typer(
    name="disbench",
    help="How disentangled are the codes of a VAE, and how much of that is beta, how much luck?",
    epilog="Start with: disbench run quick --dry-run",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
)
app.add_typer(data, name="data")

StudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="A shipped study (see `disbench studies`) or a TOML file."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where the results go; results/NAME unless told otherwise."),
]

ObjectiveOption = Annotated[
    str | None,
    typer.Option(
        "--objective",
        metavar="vae,dip_vae_i",
        help="Keep these objectives and baselines of the study alone.",
    ),
]
SeedsOption = Annotated[
    int | None, typer.Option("--seeds", metavar="N", help="Train the seeds 0 to N - 1.")
]
StepsOption = Annotated[
    int | None, typer.Option("--steps", metavar="N", help="Train every run for N steps.")
]
DeviceOption = Annotated[
    str, typer.Option("--device", metavar="auto/cpu/cuda", help="Where to compute.")
]

Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts, an object a line.")]


@app.callback()
def _main(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    _Errors.debug = debug


class _Errors:
    """Whether errors are shown with their traceback."""

    debug = False


@app.command()
def run(
    study: StudyArgument,
    *,
    out: Out = None,
    objective: ObjectiveOption = None,
    beta: Annotated[
        str | None,
        typer.Option(metavar="1,4", help="Replace the betas of the study by these."),
    ] = None,
    seeds: SeedsOption = None,
    steps: StepsOption = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Runs at a time; one a core or GPU unless told otherwise, or one a worker of the "
            "cluster that --scheduler names.",
        ),
    ] = None,
    executor: Annotated[
        str,
        typer.Option(
            metavar="local/dask",
            help="Over processes of this machine, or over a Dask cluster (extra), one of this "
            "machine unless --scheduler names another.",
        ),
    ] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT",
            help="The Dask scheduler whose workers compute. A first worker is waited for, an hour "
            "at most.",
        ),
    ] = None,
    device: DeviceOption = "auto",
    checkpoint_every: Annotated[
        str,
        typer.Option(
            metavar="5min/500steps", help="How often a run under way is saved; s, min, h or steps."
        ),
    ] = "1min",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the grid, what is done, and what the rest will cost."),
    ] = False,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Also write event files to DIR/tensorboard/ (extra)."),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train and score what a study lacks, then write its tables, figures and report.

    The same command again does only what is missing, from the last checkpoints.

    Ctrl-C leaves what is under way at a checkpoint; twice it stops at once.
    """
    from disbench.commands import running  # noqa: PLC0415 - so that --help need not wait for torch

    _at_most_one({"--quiet": quiet, "--json": json, "--dry-run": dry_run})
    narrow = running.asked_for(study, objective=objective, beta=beta, seeds=seeds, steps=steps)
    tell = None if quiet else stderr
    with running.opened(executor, scheduler, jobs=jobs, device=device, console=tell) as opened:
        plan = running.plan(
            narrow,
            out=out,
            device=device,
            tensorboard=tensorboard,
            checkpoint=checkpoint_every,
            find=opened.hardware,
        )
        if dry_run:
            running.show(plan, executor=opened, console=stdout)
            return
        teller = _teller(quiet=quiet, json=json)
        raise typer.Exit(running.execute(plan, executor=opened, teller=teller, errors=stderr))


@app.command()
def reproduce(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="higgins2017, locatello2019, tradeoff, tradeoff_conv or tradeoff_capacity.",
        ),
    ],
    *,
    minutes: Annotated[
        float, typer.Option(min=0.1, metavar="N", help="How long it may take, about.")
    ] = 30,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where results go; results/reproduce/NAME."),
    ] = None,
    objective: ObjectiveOption = None,
    seeds: SeedsOption = None,
    steps: StepsOption = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Runs at a time; one a core or GPU.")
    ] = None,
    device: DeviceOption = "auto",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Run the part of a published study that fits a time, and print our numbers beside theirs.

    It says what was cut, and calls no number a match that its interval does not support. The same
    command again goes on where it was.
    """
    from disbench.commands import reproducing, running  # noqa: PLC0415

    _at_most_one({"--quiet": quiet, "--json": json})
    study, published = reproducing.asked_for(name, objective=objective, seeds=seeds, steps=steps)
    tell = None if quiet else stderr
    with running.opened("local", None, jobs=jobs, device=device, console=tell) as opened:
        plan = reproducing.plan(
            study,
            published,
            out=out or Path("results", "reproduce", name),
            minutes=minutes,
            device=device,
            executor=opened,
            console=tell,
        )
        teller = _teller(quiet=quiet, json=json)
        raise typer.Exit(running.execute(plan, executor=opened, teller=teller, errors=stderr))


@app.command()
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

    _at_most_one({"--quiet": quiet, "--json": json})
    reporting.rebuild(directory, teller=_teller(quiet=quiet, json=json), errors=stderr)


@app.command()
def check(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A results directory, finished or not.")
    ],
) -> None:
    """Read every file of every finished run; exit 1 if one is not as it was written.

    Such a file is moved to DIR/damaged/, and the next `disbench run` makes it again.
    """
    from disbench.commands import checking  # noqa: PLC0415

    raise typer.Exit(0 if checking.check(directory, console=stdout) else EXIT_FAILED)


@app.command()
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

    _at_most_one({"--quiet": quiet, "--json": json})
    comparing.compare(directories, out=out, teller=_teller(quiet=quiet, json=json))


@app.command()
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


@app.command()
def studies() -> None:
    """List the studies that are shipped."""
    from disbench.commands import listing  # noqa: PLC0415

    listing.studies(stdout)


@app.command()
def objectives() -> None:
    """List the objectives with their hyper-parameters, and the baselines."""
    from disbench.commands import listing  # noqa: PLC0415

    listing.objectives(stdout)


@app.command()
def protocols(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Show all arguments of this one.")
    ] = None,
) -> None:
    """List the protocols, or every frozen argument of one."""
    from disbench.commands import listing  # noqa: PLC0415

    listing.protocols(stdout, name)


def _at_most_one(options: Mapping[str, bool]) -> None:
    given = [name for name, is_given in options.items() if is_given]
    if len(given) > 1:
        raise typer.BadParameter("give one of them alone", param_hint=" and ".join(given))


def _teller(*, quiet: bool, json: bool) -> Teller:
    from disbench.commands import telling  # noqa: PLC0415

    if json:
        return telling.Json(stdout)
    return telling.Nothing() if quiet else telling.Words(stdout)


def _names(text: str | None) -> list[str] | None:
    return None if text is None else text.split(",")


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
