"""`disbench studies` and `disbench protocols`: what there is, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from disbench.metrics.protocols import find
from disbench.study_files import load_study, shipped_studies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console


def studies(console: Console) -> None:
    """Print the shipped studies: name, number of runs, and what they are."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("study", no_wrap=True)
    table.add_column("runs", justify="right")
    table.add_column("steps", justify="right")
    table.add_column("what it is")
    for study in map(load_study, shipped_studies()):
        table.add_row(study.name, str(study.n_runs), f"{study.training.steps:,}", study.description)
    console.print(table)


def protocols(console: Console, name: str | None) -> None:
    """Print all protocols, or everything that is frozen in those of one name or glob."""
    for protocol in find(["all" if name is None else name]):
        span = f"{protocol.low:g} to {protocol.high:g}"
        console.print(f"[bold]{protocol.name}[/]  {span}, {protocol.cost}")
        lines = [f"{protocol.title}.", f"{protocol.citation}."]
        if name is not None:
            lines += [f"version {protocol.version}; needs {protocol.min_rows:,} rows"]
            lines += [f"{argument} = {value}" for argument, value in protocol.arguments.items()]
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 4)))


def slow_protocols(names: Iterable[str]) -> list[str]:
    """Those of the protocols that take more than seconds, each with its cost."""
    slow = (protocol for protocol in find(names) if protocol.cost != "seconds")
    return [f"{protocol.name} ({protocol.cost})" for protocol in slow]
