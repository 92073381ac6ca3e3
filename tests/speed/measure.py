"""Measure how fast disbench is, beside plain implementations and what the machine can do at most.

All but what says otherwise runs on one thread of the CPU. Nothing passes or fails: a time says
something about a machine, a ratio about the code. To see what a change of the code does, write
``--json before.json`` without it, and call ``--against before.json`` with it.
"""

from __future__ import annotations

import argparse
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from machine import Setting, measurements, probe
from measurement import Measurement, Session
from processes import alone
from rich.console import Console
from rows import QUICK, ROWS
from table import render

from disbench.dsprites import open_images
from disbench.provenance import provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECONDS = 10.0
QUICK_SECONDS = 2.0


def main() -> None:
    """Measure what the command line asks for, show it, and keep it."""
    arguments = _parser().parse_args()
    console = Console()
    console.width = min(max(console.width, 96), 100)
    if arguments.list:
        console.print("\n".join(ROWS), highlight=False)
        return
    earlier = arguments.against and Session.model_validate_json(arguments.against.read_bytes())
    names = _chosen(arguments.only, quick=arguments.quick)
    session = _session(names, quick=arguments.quick)
    for line in render(session, earlier):
        console.print(line, highlight=False)
    if len(names) < len(ROWS):
        console.print(f"{len(names)} of {len(ROWS)} rows were measured; --list names all")
    if arguments.json:
        arguments.json.write_text(session.model_dump_json(indent=1) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="measure.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    only = "measure rows of this name, glob or group; may be repeated"
    parser.add_argument("--only", action="append", metavar="NAME", help=only)
    parser.add_argument("--quick", action="store_true", help="a minute, more noise, fewer rows")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that is measured")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with such a file")
    parser.add_argument("--list", action="store_true", help="name all rows")
    return parser


def _chosen(only: Sequence[str] | None, *, quick: bool) -> list[str]:
    """The names of the rows to measure; exits where a pattern names none."""
    patterns = only or (QUICK if quick else "*")
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in ROWS):
            raise SystemExit(f"no row is called {pattern!r}; --list names all")
    return [name for name in ROWS if any(_matches(name, pattern) for pattern in patterns)]


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or name.startswith(f"{pattern}/")


def _session(names: Sequence[str], *, quick: bool) -> Session:
    # Before the rows, so that none of them draws the images for those that come after.
    open_images("rendered")
    return Session(
        quick=quick,
        provenance=provenance("cpu"),
        measurements=tuple(_measured(names, QUICK_SECONDS if quick else SECONDS)),
    )


def _measured(names: Sequence[str], seconds: float) -> Iterator[Measurement]:
    progress = Console(stderr=True, highlight=False)
    progress.print("[dim]the machine")
    machine = alone(probe, 2 * seconds)  # two threads wait for a moment that others leave to them
    yield from measurements(machine)
    for number, name in enumerate(names, start=1):
        progress.print(f"[dim]{number} of {len(names)}: {name}")
        yield _row(name, Setting(machine, seconds))


def _row(name: str, setting: Setting) -> Measurement:
    """The measurement of a row; an error is shown in its place, and the others go on."""
    try:
        return alone(ROWS[name], setting)
    except Exception as error:  # noqa: BLE001 - whatever it was, the other rows are not to blame
        return Measurement(row=name, error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
