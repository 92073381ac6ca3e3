"""The published numbers and ours, at 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from disbench.report.published import difference_in_words, our_number, published_number
from disbench.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from rich.console import Console

    from disbench.report.published import Published


def print_published(published: Published, console: Console) -> None:
    """Print a row a published number, and below the table why no more can be said of some."""
    console.print(f"\n{published.title}", markup=False, soft_wrap=True)
    for (quantity, citation), rows in published.rows.groupby(["quantity", "citation"], sort=False):
        half = ", better half" if rows["statistic"].eq("best half").all() else ""
        console.print(f"{quantity}{half} ({citation})", markup=False, soft_wrap=True)
        console.print(_table(rows))
    for line in _reasons(published):
        console.print(line, markup=False, soft_wrap=True)


def _table(rows: pd.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("  setting", overflow="fold")
    for name in ("published", "ours", "n", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in rows.to_dict("records"):
        numbers = (published_number(row), our_number(row), str(row["n"]), difference_in_words(row))
        # As text: [mem] is no markup.
        table.add_row(*map(Text, (f"  {row['label']}", *numbers, row["verdict"])))
    return table


def _reasons(published: Published) -> Iterator[str]:
    """A line for each reason: what it is said of."""
    known = published.rows[published.rows["reason"].ne("")]
    for (verdict, reason), rows in known.groupby(["verdict", "reason"], sort=False):
        labels = listed(list(dict.fromkeys(rows["label"])))
        yield f"{verdict} ({labels}): {reason}"
