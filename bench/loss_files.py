"""The losses of a run as CSV, which keeps every bit of them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from disbench.errors import DamagedError
from disbench.records import LossRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def as_csv(losses: Sequence[LossRecord]) -> bytes:
    """A line a record, below the names."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(LossRecord._fields)
    writer.writerows(losses)
    return text.getvalue().encode()


def losses_from(text: bytes, path: Path) -> list[LossRecord]:
    """The records in what `as_csv` gave, which was read from the path.

    Raises `DamagedError` for anything else.
    """
    try:
        rows = csv.DictReader(io.StringIO(text.decode("utf-8"), newline=""))
        return [_losses(row) for row in rows]
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise DamagedError(path, str(error)) from None


def _losses(row: Mapping[str, str]) -> LossRecord:
    return LossRecord(int(row["step"]), *(float(row[name]) for name in LossRecord._fields[1:]))
