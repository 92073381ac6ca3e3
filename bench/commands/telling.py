"""What `disbench run` and `disbench report` write to stdout: words, nothing, or JSON."""

from __future__ import annotations

import json
import math
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from disbench.commands.headline import headline_table
from disbench.commands.juxtaposing import print_published
from disbench.commands.slowness import slow_protocols
from disbench.progress import Display, Silent, display_for
from disbench.report.build import REPORT
from disbench.report.headline import HeadlineRow, headline_of
from disbench.report.published import published_of
from disbench.settings import spoken
from disbench.store import Store
from disbench.words import counted, readable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.console import Console

    from disbench.evidence import Evidence
    from disbench.outcomes import Outcome
    from disbench.plan import Plan
    from disbench.report.published import Published


@dataclass(frozen=True)
class Found:
    """What a study came to: where it is, and what is made of it.

    `missing` are the labels of the missing runs, None where these were not looked for; `remarks`
    are sentences to be told first, `notes` those that were told on the way, on files set aside.
    """

    directory: Path
    evidence: Evidence
    missing: Sequence[str] | None = None
    remarks: Sequence[str] = ()
    notes: Sequence[str] = ()

    @property
    def published(self) -> Published | None:
        """What is published of the study, beside what it came to; None where nothing is."""
        study = Store(self.directory).study()
        return published_of(self.evidence, {} if study is None else {study.name: study})


class Teller(Protocol):
    """Tells of a study."""

    def started(self, plan: Plan, *, jobs: int) -> Display:
        """Tell what is about to be done; the display tells of the rest until the end."""
        ...

    def finished(self, found: Found) -> None:
        """Tell what it came to: first the remarks, if any, then the headline."""
        ...


class Words:
    """For a person."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def started(self, plan: Plan, *, jobs: int) -> Display:
        """Print how many runs there are, and how they will be done."""
        self.console.print(_opening(plan, jobs), markup=False)
        if plan.to_do and (slow := slow_protocols(plan.study.evaluation.protocols)):
            self.console.print(f"scoring a run takes a while: {', '.join(slow)}", markup=False)
        return display_for(self.console)

    def finished(self, found: Found) -> None:
        """Print a row a setting, the places to look at, and the runs that are missing."""
        for remark in found.remarks:
            self.console.print(remark, markup=False)
        self.console.print(headline_table(found.evidence))
        if (published := found.published) is not None:
            print_published(published, self.console)
            self.console.print()
        for line in (
            f"tables and figures: {readable(found.directory)}/",
            f"report: {readable(report_of(found.directory))}",
        ):
            self.console.print(line, markup=False, soft_wrap=True)
        if found.missing:
            n_missing, verb = len(found.missing), "is" if len(found.missing) == 1 else "are"
            text = f"{counted(n_missing, 'run')} of the study {verb} missing:"
            self.console.print(text, markup=False)
            self.console.print("\n".join(f"  {label}" for label in found.missing), markup=False)


class Nothing:
    """For those who look at the exit code."""

    def started(self, plan: Plan, *, jobs: int) -> Display:  # noqa: ARG002
        """Print nothing."""
        return Silent()

    def finished(self, found: Found) -> None:
        """Print nothing."""


class Json:
    """For a script: an object a line, with null for what is not a number."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def started(self, plan: Plan, *, jobs: int) -> Display:
        """Write the event `started`."""
        self._write(
            "started",
            study=plan.study.name,
            directory=str(plan.directory),
            runs=len(plan.cells),
            to_do=len(plan.to_do),
            device=plan.device,
            precision=plan.study.training.precision,
            jobs=jobs,
        )
        return self

    def showing(
        self,
        plan: Plan,  # noqa: ARG002
        store: Store,  # noqa: ARG002
        *,
        jobs: int,  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Show nothing on the way."""
        return nullcontext()

    def ended(self, outcome: Outcome) -> None:
        """Write the event `ended`."""
        self._write(
            "ended",
            run=outcome.run.id,
            label=outcome.run.label,
            status=outcome.status,
            seconds=outcome.seconds,
            error=outcome.error or None,
        )

    def finished(self, found: Found) -> None:
        """Write the event `finished`; the counts are those of all runs in the directory."""
        told = {"remarks": found.remarks, "notes": found.notes}
        more: dict[str, object] = {name: list(lines) for name, lines in told.items() if lines}
        if found.missing is not None:
            more["missing"] = list(found.missing)
        if (published := found.published) is not None:
            rows = published.rows.to_dict("records")
            more["published"] = [{str(k): _plain(v) for k, v in row.items()} for row in rows]
        runs = found.evidence.tables.runs
        is_failed = runs["error"].notna()
        self._write(
            "finished",
            directory=str(found.directory),
            report=str(report_of(found.directory)),
            done=int((runs["status"].eq("done") & ~is_failed).sum()),
            failed=int(is_failed.sum()),
            headline=_records(found.evidence),
            **more,
        )

    def _write(self, event: str, **content: object) -> None:
        # Not through `Console.print`, which would fold long lines and draw :smile: as an emoji.
        self.console.file.write(json.dumps({"event": event, **content}, allow_nan=False) + "\n")
        self.console.file.flush()


def report_of(directory: Path) -> Path:
    """The report of a results directory."""
    return directory / REPORT


def _records(evidence: Evidence) -> list[dict[str, object]]:
    """The headline with every protocol: a record a setting."""
    protocols = tuple(dict.fromkeys(evidence.scores_of("mean")["protocol"]))
    headline = headline_of(evidence, protocols=protocols)
    return [_record(row, protocols) for row in headline.rows]


def _record(row: HeadlineRow, protocols: Sequence[str]) -> dict[str, object]:
    record = {name: _plain(value) for name, value in vars(row).items() if name != "scores"}
    means = (_plain(score.mean) for score in row.scores)
    record["setting"] = spoken(row.setting)
    return {**record, "means": dict(zip(protocols, means, strict=True))}


def _plain(value: object) -> object:
    """The value, None where it is not a finite number."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _opening(plan: Plan, jobs: int) -> str:
    n_left = len(plan.to_do)
    n_runs = counted(len(plan.cells), "run")
    text = f"{plan.study.name}: {n_runs}, {plan.n_done} done, {n_left} to do"
    how = f"{plan.device}, {plan.study.training.precision}, {min(jobs, n_left)} at a time"
    return f"{text} ({how})" if n_left else text
