"""Scores that judge each run of a setting by the others: found once all of them have codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from disbench.errors import DamagedError
from disbench.metrics.protocols import find_groups
from disbench.metrics.table import CodeTable
from disbench.provenance import provenance
from disbench.records import GroupRecord, ScoreRecord
from disbench.seeds import generator, stream_key
from disbench.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from disbench.datasets.grid import Grid
    from disbench.metrics.protocol import Score
    from disbench.metrics.protocols import GroupProtocol
    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.store import Store
    from disbench.study import Study

MOST_ROWS = 50_000
"""Codes of a run that are compared: a sample of the grid, the same for all runs, bounds memory."""

Member = tuple["Run", "RunFolder"]


def score_groups(store: Store, study: Study) -> None:
    """Find the group scores of a study that the store lacks, for every setting of two runs or more.

    A setting is scored anew whenever its runs are others than before.
    """
    known = {record.key for record in store.groups()}
    wanted = find_groups(study.evaluation.protocols)
    for members in _settings(store):
        for protocol in wanted:
            identities = tuple(run.identity for run, _ in members)
            if (protocol.name, protocol.version, identities) not in known:
                store.note_group(_record(protocol, members, identities, study))


def _settings(store: Store) -> Iterable[list[Member]]:
    """The trained runs with codes and a posterior, by objective and hyper-parameters."""
    settings: dict[str, list[Member]] = {}
    for folder in store.finished():
        training = folder.training()
        if training is None or training.run.is_baseline or not training.run.is_variational:
            continue
        if folder.codes.exists():
            settings.setdefault(training.run.setting, []).append((training.run, folder))
    return (members for members in settings.values() if len(members) > 1)


def _grid_of(members: Sequence[Member], name: str) -> Grid:
    """The grid of this name of the images that all of them are scored on."""
    (_, first), *_ = members
    record = first.evaluation()
    if record is None:
        raise DamagedError(first.path / "evaluation.json", "it is not there, and its codes are")
    return record.grid_called(name)


def _record(
    protocol: GroupProtocol, members: Sequence[Member], identities: tuple[str, ...], study: Study
) -> GroupRecord:
    grid = _grid_of(members, study.evaluation.grid)
    rng = generator(stream_key(f"{grid.name}/{protocol.name}", "rows"))
    rows = np.sort(rng.permutation(grid.n)[:MOST_ROWS])
    tables = _tables(members, grid, rows)
    with one_thread():
        scores = protocol.scores(tables, rng=generator(stream_key(protocol.name, "group")))
    return GroupRecord(
        protocol=protocol.name,
        protocol_version=protocol.version,
        identities=identities,
        provenance=provenance("cpu"),
        scores=tuple(_score_record(protocol, score) for score in scores),
    )


def _tables(members: Sequence[Member], grid: Grid, rows: NDArray[np.int64]) -> list[CodeTable]:
    """The codes of each run at these rows of the grid."""
    labels = grid.labels()[rows]
    codes = (folder.read_codes(rows) for _, folder in members)
    return [CodeTable(mean, labels, grid.factor_names, spread) for mean, spread in codes]


def _score_record(protocol: GroupProtocol, score: Score) -> ScoreRecord:
    """A score that has neither floor nor ceiling, since it is not about the factors."""
    return ScoreRecord(
        representation="mean",
        protocol=protocol.name,
        protocol_version=protocol.version,
        value=score.value,
        floor=float("nan"),
        ceiling=float("nan"),
        n_points=score.n_points,
        seed=0,
    )
