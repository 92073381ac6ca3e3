"""An objective that a script adds is trained like any other, and its runs are nobody's rubbish."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import cloudpickle
import pytest

import disbench
from disbench.errors import StoreError
from disbench.models.objective import Loss, Objective, coded
from disbench.models.objectives import OBJECTIVES, added_objectives
from disbench.plan import make_plan
from disbench.store import Store
from disbench.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.models.autoencoder import Autoencoder
    from disbench.models.objective import Batch
    from disbench.study import Study


@dataclass(frozen=True)
class FreeBits(Objective):
    """What a script defines."""

    free: float
    citation: ClassVar[str] = "Kingma et al. 2016"

    def loss(self, model: Autoencoder, batch: Batch) -> Loss:
        """A dimension costs at least what is free."""
        posterior, _, reconstruction, _ = coded(model, batch.images, batch.noise)
        kl = posterior.kl().mean(dim=0).clamp(min=self.free).sum()
        return Loss(reconstruction + kl, reconstruction, kl)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with one more objective, which goes to workers by value as from a script."""
    monkeypatch.setitem(OBJECTIVES, "free_bits", FreeBits)
    cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture
def study(make_study: Callable[..., Study], added: None) -> Study:  # noqa: ARG001
    """Two runs of it."""
    objectives = [{"name": "free_bits", "free": 0.5}]
    return make_study(seeds=2, objectives=objectives, training={"steps": 2})


def test_only_what_was_added_is_sent(added: None) -> None:  # noqa: ARG001
    assert added_objectives() == {"free_bits": FreeBits}


@pytest.mark.usefixtures("quick_evaluation")
def test_workers_know_it(study: Study, tmp_path: Path) -> None:
    results = disbench.run(study, out=tmp_path, jobs=2, device="cpu")
    assert results.failed == ()
    assert read_csv("runs", tmp_path)["model"].tolist() == ["free_bits"] * 2


@pytest.mark.usefixtures("quick_evaluation")
def test_runs_of_one_that_is_not_known_are_left_where_they_are(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disbench.run(study, out=tmp_path, jobs=1, device="cpu")
    monkeypatch.delitem(OBJECTIVES, "free_bits")
    [folder, _] = Store(tmp_path).finished()
    with pytest.raises(StoreError, match=r"'free_bits'.*; import what defines it first") as refused:
        folder.training()
    assert type(refused.value) is StoreError  # and no damage, which would be set aside
    assert not Store(tmp_path).damaged.exists()


@pytest.mark.usefixtures("quick_evaluation", "added")
def test_directory_of_other_images_is_refused(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that a study names may hold others than when its first runs were trained."""
    disbench.run(study, out=tmp_path, jobs=1, device="cpu")
    assert make_plan(study, tmp_path, device="cpu").to_do == ()
    monkeypatch.setattr("disbench.plan.outline", lambda _: _Others())
    with pytest.raises(StoreError, match=r"on other images .* ffffffffffff asked for"):
        make_plan(study, tmp_path, device="cpu")


class _Others:
    sha256 = "f" * 64
