"""What is cut of a study, and in which order, to fit the time there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from disbench.errors import StudyError
from disbench.reproductions.reproduction import Reproduction
from disbench.reproductions.slicing import Costs, published_protocols, slice_of
from disbench.study_files import parse_study

if TYPE_CHECKING:
    from disbench.reproductions.slicing import Slice
    from disbench.study import Study

COSTS = Costs(step={"beta_vae": 0.01, "ae": 0.01}, beside_steps={"beta_vae": 5, "ae": 5, "pca": 3})


def _study(**changes: Any) -> Study:
    content = {
        "name": "s",
        "seeds": 10,
        "baselines": ["pca"],
        "objectives": [{"name": "ae"}, {"name": "beta_vae", "beta": [1, 4]}],
        "training": {"steps": 10_000},
        "evaluation": {"protocols": ["mig/exact", "dci/rf"]},
    }
    return parse_study(content | changes, source="s")


def _reproduction(*models: tuple[str, str | None]) -> Reproduction:
    rows = [{"label": m, "model": m, "hyperparameters": h, "values": [0.5]} for m, h in models]
    table = {"quantity": "mig/exact", "source": "a paper", "tolerance": 0.05, "rows": rows}
    return Reproduction.model_validate({"title": "t", "differences": [], "tables": [table]})


PUBLISHED = _reproduction(("pca", None), ("beta_vae", "beta=4"))


def _slice(seconds: float, *, jobs: int = 1, **changes: Any) -> Slice:
    return slice_of(_study(**changes), PUBLISHED, COSTS, seconds=seconds, jobs=jobs)


def test_costs_by_hand() -> None:
    """Three settings of 10,000 steps of 0.01 s and 5 s beside, and a baseline of 3 s; 10 seeds."""
    assert COSTS.of(_study()) == pytest.approx(10 * (3 * 105 + 3))


def test_what_fits_is_not_cut() -> None:
    found = _slice(3180)
    assert (found.study, found.cuts) == (_study(), ())
    assert found.seconds == pytest.approx(3180)
    assert _slice(1590, jobs=2).cuts == ()


def test_no_number_of_processes_makes_a_run_shorter() -> None:
    """The longest is one of 105 s."""
    assert _slice(105, jobs=100).cuts == ()
    assert "steps: 9,500 of 10,000" in _slice(100, jobs=100).cuts


def test_settings_without_published_numbers_stay_where_there_are_no_others() -> None:
    found = _slice(330, objectives=[{"name": "ae"}], baselines=[])
    assert [o.name for o in found.study.objectives] == ["ae"]
    assert found.cuts == ("seeds: 3 of 10",)


def test_settings_without_published_numbers_go_first() -> None:
    found = _slice(3179)
    assert found.cuts == ("settings: without ae and beta_vae, beta 1",)
    assert found.study.baselines == ("pca",)
    assert [o.hyperparameters for o in found.study.objectives] == [{"beta": (4.0,)}]
    assert found.seconds == pytest.approx(1080)


@pytest.mark.parametrize(("seconds", "n"), [(1079, 9), (540, 5), (324, 3)])
def test_then_seeds_down_to_three(seconds: float, n: int) -> None:
    found = _slice(seconds)
    assert found.study.seeds == tuple(range(n))
    assert found.cuts[1:] == (f"seeds: {n} of 10",)
    assert found.seconds <= seconds


def test_then_steps_to_two_digits() -> None:
    """3 seeds: 24 s beside the steps leave 100 s for 3 x 0.01 s: 3,333 steps."""
    found = _slice(124)
    assert found.study.training.steps == 3300
    assert found.cuts[1:] == ("seeds: 3 of 10", "steps: 3,300 of 10,000")
    assert found.seconds <= 124


def test_study_of_two_seeds_keeps_them() -> None:
    assert _slice(60, seeds=2).study.seeds == (0, 1)


def test_too_little_time_is_refused_with_what_it_takes() -> None:
    with pytest.raises(StudyError, match="20 s are too few for s: 3 seeds and 100 steps take 27 s"):
        _slice(20)
    with pytest.raises(StudyError, match="s: 2 seeds take 6 s here; allow more"):
        _slice(5, objectives=[], seeds=2)
    with pytest.raises(StudyError, match="1 seed and 50 steps take 8 s"):
        _slice(5, seeds=1, training={"steps": 50})


def test_only_published_protocols_are_asked_of_means() -> None:
    asked = published_protocols(_study(), PUBLISHED).evaluation
    assert (asked.protocols, asked.representations) == (("mig/exact",), ("mean",))


def test_study_without_a_published_protocol_keeps_its_first() -> None:
    rows = [{"label": "a", "values": [1.0]}]
    table = {"quantity": "kl", "source": "a paper", "tolerance": 1.0, "rows": rows}
    nats = Reproduction.model_validate({"title": "t", "differences": [], "tables": [table]})
    assert published_protocols(_study(), nats).evaluation.protocols == ("mig/exact",)
