"""Records that contradict themselves are no records."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from disbench.provenance import provenance
from disbench.records import GroupRecord, ScoreRecord


def test_group_has_a_score_for_each_run() -> None:
    """The table of scores takes that of a run by the place of its identity."""
    score = ScoreRecord(
        representation="mean",
        protocol="udr/spearman",
        protocol_version=1,
        value=0.5,
        floor=0.0,
        ceiling=1.0,
        n_points=10,
        seed=0,
    )

    def record(*identities: str) -> GroupRecord:
        return GroupRecord(
            protocol="udr/spearman",
            protocol_version=1,
            identities=identities,
            scores=(score, score),
            provenance=provenance("cpu"),
        )

    assert record("a", "b").scores == (score, score)
    with pytest.raises(ValidationError, match="2 scores of 3 runs"):
        record("a", "b", "c")
