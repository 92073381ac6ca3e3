"""`disbench score`: codes and factors from files, a table out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from disbench.errors import DataError
from disbench.scoring import DEFAULT_PROTOCOLS, score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray
    from rich.console import Console


def score_files(
    codes: Path,
    factors: Path | None,
    *,
    protocols: Sequence[str] | None,
    seed: int,
    csv: Path | None,
    console: Console,
) -> None:
    """Score the codes in a file, print the table, and write it as CSV where that is asked for."""
    scores = score(
        read_array(codes),
        None if factors is None else read_array(factors),
        protocols=protocols or DEFAULT_PROTOCOLS,
        seed=seed,
    )
    console.print(_table(scores))
    if csv is not None:
        scores.to_csv(csv, index=False)


def read_array(path: Path) -> NDArray[np.generic]:
    """The array in a .npy file, or the only one in a .npz file; pickles are refused.

    Raises `DataError` for a file that is not there, is no such file, or holds several arrays.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise DataError(f"there is no file {str(path)!r}; give a .npy or .npz file") from None
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as .npy or .npz: {error}") from None
    if isinstance(loaded, np.ndarray):
        return loaded
    with loaded:
        if len(loaded.files) != 1:
            names = ", ".join(loaded.files) or "none"
            raise DataError(f"{path} holds several arrays ({names}); expected one")
        [name] = loaded.files
        return np.asarray(loaded[name])


def _table(scores: pd.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("protocol", no_wrap=True)
    for name in ("value", "floor", "ceiling", "points"):
        table.add_column(name, justify="right")
    for row in scores.to_dict("records"):
        numbers = (f"{row[name]:.4f}" for name in ("value", "floor", "ceiling"))
        table.add_row(row["protocol"], *numbers, f"{row['n_points']:,}")
    return table
