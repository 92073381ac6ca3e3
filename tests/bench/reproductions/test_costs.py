"""What a run costs is measured by what is done of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from disbench import estimate
from disbench.plan import make_plan
from disbench.reproductions import costs as module
from disbench.reproductions.costs import measure_costs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.study import Study


def test_each_model_costs_its_steps_and_what_is_beside(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,440 images in batches of 64 are encoded and decoded by networks, at half a second each;
    scoring takes 2 s, that of pixels 9, and fitting a linear map 7.
    """  # noqa: D205 - one sentence
    monkeypatch.setattr(estimate, "_median_seconds", lambda _: 0.5)
    monkeypatch.setattr(
        module, "_scoring", lambda cell, _: 0 if cell is None else 9 if cell.run.is_wide else 2
    )
    monkeypatch.setattr(module, "_fitting", lambda cell, _: 7 if cell.run.objective == "pca" else 0)
    study = make_study(baselines=["pixels", "pca"])
    found = measure_costs(make_plan(study, tmp_path, device="cpu"))
    batches = 1440 / 64
    assert found.step == {"ae": 0.5, "beta_vae": 0.5}
    assert found.beside_steps == pytest.approx(
        {
            "pixels": 9,
            "pca": 7 + 2,
            "ae": batches + 2,
            "beta_vae": batches + 2,
        }
    )


def test_scoring_is_that_of_the_study(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, tuple[int, int]]] = []

    def scored(codes: object, questions: object, **_: object) -> None:
        shape = codes.mean.shape  # type: ignore[attr-defined]
        asked.extend((one.protocol.name, shape) for one in questions)  # type: ignore[attr-defined]

    monkeypatch.setattr(estimate, "_median_seconds", lambda _: 0.5)
    monkeypatch.setattr(module, "score_codes", scored)
    protocols = ["mig/exact", "beta_vae/locatello2019"]
    evaluation = {"grid": "tiny", "protocols": protocols, "representations": ["mean"]}
    study = make_study(baselines=["pixels"], evaluation=evaluation)
    measure_costs(make_plan(study, tmp_path, device="cpu"))
    narrow = [("mig/exact", (1440, 3)), ("beta_vae/locatello2019", (1440, 3))]
    assert asked == [*narrow, *narrow, ("beta_vae/locatello2019", (1440, 4096))]  # first to warm up
