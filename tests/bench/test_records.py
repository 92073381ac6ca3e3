"""A record holds what a table can hold, or is refused when it is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from disbench.dsprites import GRIDS
from disbench.provenance import provenance
from disbench.records import EvaluationRecord, GroupRecord, ScoreRecord, TrainingRecord
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.run_folder import RunFolder
    from disbench.runs import Run


@pytest.fixture
def folder(
    tmp_path: Path, make_run: Callable[..., Run], write_run: Callable[..., RunFolder]
) -> RunFolder:
    return write_run(Store(tmp_path), make_run(), {"mig/exact": 0.5})


def _changed(content: Any, path: str, value: object) -> str:
    *parents, last = path.split(".")
    place = content
    for part in parents:
        place = place[int(part) if part.isdigit() else part]
    assert last in place
    place[last] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    "path", ["steps_done", "provenance.threads", "run.seed", "run.steps", "run.training_version"]
)
@pytest.mark.parametrize("number", [-1, 2**63])
def test_training_with_a_number_that_no_table_holds_is_refused(
    path: str, number: int, folder: RunFolder
) -> None:
    content = json.loads((folder.path / "training.json").read_text())
    with pytest.raises(ValidationError, match=rf"(?s){path}.*should be (less|greater) than"):
        TrainingRecord.model_validate_json(_changed(content, path, number))


@pytest.mark.parametrize(
    "path",
    [
        "evaluation.n_reconstructed",
        "evaluation.active_dimensions",
        "scores.0.protocol_version",
        "scores.0.n_points",
        "scores.0.seed",
    ],
)
@pytest.mark.parametrize("number", [-1, 2**63])
def test_evaluation_with_a_number_that_no_table_holds_is_refused(
    path: str, number: int, folder: RunFolder
) -> None:
    content = json.loads((folder.path / "evaluation.json").read_text())
    with pytest.raises(ValidationError, match=rf"(?s){path}.*should be (less|greater) than"):
        EvaluationRecord.model_validate_json(_changed(content, path, number))


@pytest.mark.parametrize(
    ("path", "value"), [("identity", "0" * 10**6), ("identity", ""), ("grid", "huge")]
)
def test_evaluation_of_nothing_that_is_known_is_refused(
    path: str, value: str, folder: RunFolder
) -> None:
    content = json.loads((folder.path / "evaluation.json").read_text())
    with pytest.raises(ValidationError, match=path):
        EvaluationRecord.model_validate_json(_changed(content, path, value))


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

    def record(*letters: str) -> GroupRecord:
        return GroupRecord(
            protocol="udr/spearman",
            protocol_version=1,
            identities=tuple(64 * letter for letter in letters),
            scores=(score, score),
            provenance=provenance("cpu"),
        )

    assert record(*"ab").scores == (score, score)
    with pytest.raises(ValidationError, match="2 scores of 3 runs"):
        record(*"abc")


def test_records_do_not_mention_what_is_usual(folder: RunFolder) -> None:
    """Records are written as before there were other data, and the old ones mean the same."""
    training = json.loads((folder.path / "training.json").read_text())
    evaluation = json.loads((folder.path / "evaluation.json").read_text())
    assert training.keys().isdisjoint({"channels", "converged"})
    assert "factors" not in evaluation
    for record in folder.records():
        assert record is not None
        assert getattr(record, "channels", 1) == 1
        assert getattr(record, "images", GRIDS["tiny"]) is GRIDS["tiny"]


def test_record_of_a_fit_that_has_not_converged_says_so(folder: RunFolder) -> None:
    training = folder.training()
    assert training is not None
    assert training.converged
    text = training.model_copy(update={"converged": False}).model_dump_json()
    assert not TrainingRecord.model_validate_json(text).converged


def test_records_of_other_data_keep_channels_and_factors_in_order(folder: RunFolder) -> None:
    factors = {"wall": 7, "floor": 2}
    training, evaluation = folder.records()
    assert training is not None
    assert evaluation is not None
    text = training.model_copy(update={"channels": 3}).model_dump_json()
    assert TrainingRecord.model_validate_json(text).channels == 3
    text = evaluation.model_copy(update={"factors": factors}).model_dump_json()
    grid = EvaluationRecord.model_validate_json(text).images
    assert (grid.factor_names, grid.whole, grid.sizes) == (("wall", "floor"), (7, 2), (4, 2))


def test_nan_in_a_record_is_text_that_reads_back(folder: RunFolder) -> None:
    evaluation = folder.evaluation()
    assert evaluation is not None
    score = evaluation.scores[0].model_copy(update={"floor": float("nan")})
    text = evaluation.model_copy(update={"scores": (score,)}).model_dump_json()
    assert '"floor":"NaN"' in text
    read = EvaluationRecord.model_validate_json(text)
    assert str(read.scores[0].floor) == "nan"


@pytest.mark.parametrize("channels", [0, 4])
def test_image_has_one_to_three_channels(channels: int, folder: RunFolder) -> None:
    training = folder.training()
    assert training is not None
    with pytest.raises(ValidationError, match="channels"):
        TrainingRecord(**training.model_dump(exclude={"channels"}), channels=channels)
