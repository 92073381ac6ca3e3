"""`disbench run` and `reproduce`: what trains and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from disbench.cli_options import Json, Quiet, at_most_one, teller_of
from disbench.consoles import stderr, stdout

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
        metavar="beta_vae,pca",
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
            help="Runs at a time, or scored at a time if a GPU trains; one a core unless told "
            "otherwise, or one a worker of the cluster that --scheduler names.",
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

    at_most_one({"--quiet": quiet, "--json": json, "--dry-run": dry_run})
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
        teller = teller_of(quiet=quiet, json=json)
        raise typer.Exit(running.execute(plan, executor=opened, teller=teller, errors=stderr))


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
        int | None, typer.Option(min=1, metavar="N", help="Runs at a time; one a core.")
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

    at_most_one({"--quiet": quiet, "--json": json})
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
        teller = teller_of(quiet=quiet, json=json)
        raise typer.Exit(running.execute(plan, executor=opened, teller=teller, errors=stderr))
