"""A study of images in colour, of factors that are not those of dSprites, from file to report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import load_file

from disbench import run
from disbench.data import open_images
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from disbench.study import Study

FACTORS = {"row": 4, "hue": 3, "column": 5}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, coloured: NDArray[np.uint8]) -> Path:
    path = tmp_path_factory.mktemp("data") / "squares.npz"
    sizes, names = list(FACTORS.values()), list(FACTORS)
    np.savez_compressed(path, images=coloured, factor_sizes=sizes, factor_names=names)
    return path


@pytest.fixture(scope="module")
def directory(
    path: Path, tmp_path_factory: pytest.TempPathFactory, make_study: Callable[..., Study]
) -> Path:
    directory = tmp_path_factory.mktemp("results") / "squares"
    study = make_study(data=str(path), evaluation={"grid": "full", "save_codes": True})
    assert run(study, out=directory, jobs=1).failed == ()
    return directory


def test_records_say_what_the_images_were(directory: Path, path: Path) -> None:
    for folder in Store(directory).finished():
        training, evaluation = folder.records()
        assert training is not None
        assert evaluation is not None
        assert training.channels == 3
        assert training.run.data_sha256 == open_images(str(path)).sha256
        assert evaluation.factors == FACTORS
        assert evaluation.evaluation.n_reconstructed == 60


def test_model_has_three_channels_and_codes_for_all_images(directory: Path) -> None:
    for folder in Store(directory).finished():
        weights = load_file(folder.weights)
        assert weights["encoder.0.weight"].shape == (32, 3, 4, 4)
        mean, _ = folder.read_codes(np.arange(60))
        assert mean.shape == (60, 3)


def test_scores_are_those_of_three_factors(directory: Path) -> None:
    scores = pd.read_csv(directory / "scores.csv")
    assert set(scores["protocol"]) == {"mig/exact"}
    assert scores["value"].between(0, 1).all()
    assert (scores["ceiling"] > 0.99).all()  # 20 bins hold up to 5 values of a factor apart
    assert set(scores["n_points"]) == {60}
    factors = pd.read_csv(directory / "factors.csv")
    assert set(factors["factor"]) == set(FACTORS)
    runs = pd.read_csv(directory / "runs.csv")
    assert runs["beta_norm"].dropna().tolist() == [4 * 3 / (3 * 64 * 64)]


def test_pictures_are_in_colour(directory: Path, coloured: NDArray[np.uint8]) -> None:
    for folder in Store(directory).finished():
        pictures = folder.pictures()
        assert pictures.originals.shape == (12, 64, 64, 3)
        assert pictures.traversals.shape == (3, 9, 64, 64, 3)
        assert all((coloured == image).all(axis=(1, 2, 3)).any() for image in pictures.originals)
    with Image.open(directory / "figures" / "reconstructions.png") as figure:
        red, green, blue = np.asarray(figure.convert("RGB")).transpose(2, 0, 1).astype(int)
    assert (red - green).max() > 150  # the squares of hue 0
    assert (blue - red).max() > 150


def test_report_names_these_data_and_cites_no_others(directory: Path, path: Path) -> None:
    page = (directory / "report.html").read_text("utf-8")
    assert path.name in page
    assert "dSprites: Disentanglement testing" not in page
    assert "than the 3 factors" in page
    assert "cannot be explored" not in page
    assert 'id="explorer-images-' in page


def test_study_goes_on_from_its_records(
    directory: Path, path: Path, make_study: Callable[..., Study]
) -> None:
    """For one more protocol the models are read, as they are, and asked on the same images."""
    before = {file: file.read_bytes() for file in directory.glob("runs/*/model.safetensors")}
    protocols = ["mig/exact", "irs/suter2019"]
    evaluation = {"grid": "full", "save_codes": True, "protocols": protocols}
    results = run(make_study(data=str(path), evaluation=evaluation), out=directory, jobs=1)
    assert results.failed == ()
    assert {file: file.read_bytes() for file in before} == before
    assert set(pd.read_csv(directory / "scores.csv")["protocol"]) == set(protocols)
    for folder in Store(directory).finished():
        record = folder.evaluation()
        assert record is not None
        assert record.factors == FACTORS
