"""`disbench studies`, `objectives` and `protocols`: what there is, and where it comes from."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from disbench.metrics.protocols import find
from disbench.models.baselines import BASELINES
from disbench.models.objectives import OBJECTIVES
from disbench.study_files import load_study, shipped_studies

if TYPE_CHECKING:
    from collections.abc import Iterable
    from dataclasses import Field

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


def objectives(console: Console) -> None:
    """Print what can be trained, with all hyper-parameters, and what can be compared untrained."""
    for name, objective in OBJECTIVES.items():
        given = [_hyperparameter(field) for field in fields(objective)]
        lines = [objective.summary, ", ".join(given), objective.citation]
        _print_entry(console, name, "", lines)
    for name, baseline in BASELINES.items():
        _print_entry(console, name, "  baseline", [baseline.summary, baseline.citation])


def protocols(console: Console, name: str | None) -> None:
    """Print all protocols, or everything that is frozen in those of one name or glob."""
    for protocol in find(["all" if name is None else name]):
        span = f"  {protocol.low:g} to {protocol.high:g}, {protocol.cost}"
        lines = [f"{protocol.title}.", f"{protocol.citation}."]
        if name is not None:
            lines += [f"version {protocol.version}; needs {protocol.min_rows:,} rows"]
            lines += [f"{argument} = {value}" for argument, value in protocol.arguments.items()]
        _print_entry(console, protocol.name, span, lines)


def _print_entry(console: Console, name: str, beside: str, lines: Iterable[str]) -> None:
    """Print a name, what stands beside it, and below it the lines that are not empty."""
    console.print(f"[bold]{name}[/]{beside}")
    for line in filter(None, lines):
        console.print(Padding(Text(line), (0, 0, 0, 4)))


def _hyperparameter(field: Field[Any]) -> str:
    return field.name if field.default is MISSING else f"{field.name} = {field.default:g}"
