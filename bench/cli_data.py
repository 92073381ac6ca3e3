"""`disbench data`: datasets as files."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from disbench.consoles import stderr, stdout
from disbench.words import readable

EXIT_DIFFERENT = 1

data = typer.Typer(
    help="Write dSprites as a file, compare a file with it, or convert another dataset.",
    no_args_is_help=True,
)


@data.command()
def render(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .npz, .hdf5 or .h5 file.")],
) -> None:
    """Write the rendered dataset in the official layout."""
    from disbench.dsprites import open_images, write_official  # noqa: PLC0415

    write_official(file, open_images("rendered"))
    stdout.print(f"wrote {readable(file)}", markup=False, soft_wrap=True)


@data.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An official .npz or .hdf5 file.")],
) -> None:
    """Compare a dataset file with the renderer, image by image; exit 1 if they differ."""
    from disbench.commands import verifying  # noqa: PLC0415

    raise typer.Exit(0 if verifying.verify(file, console=stdout) else EXIT_DIFFERENT)


@data.command()
def convert(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="shapes3d (3dshapes.h5), mpi3d (mpi3d_toy.npz, _realistic, _real, _real_complex) "
            "or cars3d (a folder of *.mat, or nips2015-analogy-data.tar.gz).",
        ),
    ],
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The file as published.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new .h5 or .hdf5 file.")],
) -> None:
    """Write a published dataset as a file that the data of a study can name."""
    from disbench.datasets import conversion  # noqa: PLC0415

    factors = conversion.convert(name, source, out)
    sizes = ", ".join(f"{factor} {size}" for factor, size in factors.items())
    stdout.print(f"wrote {readable(out)}: {sizes}", markup=False, soft_wrap=True)
    if missing := conversion.missing_images(name, factors):
        stderr.print(
            f"note: {missing:,} images of the published set are missing: is the source whole?",
            markup=False,
            soft_wrap=True,
        )
